# SPDX-License-Identifier: Apache-2.0
"""Parts of `experiments.meta_curves`."""
