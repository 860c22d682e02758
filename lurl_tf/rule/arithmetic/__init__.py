# SPDX-License-Identifier: Apache-2.0
"""Fast arithmetic of the learned rules."""
