# SPDX-License-Identifier: Apache-2.0
"""Parts of `experiments.benchmark` and `experiments.tpu_check`."""
