# SPDX-License-Identifier: Apache-2.0
"""Task slots: groups of inner training states and their programs."""
