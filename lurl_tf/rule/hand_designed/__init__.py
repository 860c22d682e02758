# SPDX-License-Identifier: Apache-2.0
"""Hand-designed update rules."""
