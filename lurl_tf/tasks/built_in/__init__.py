# SPDX-License-Identifier: Apache-2.0
"""Data sets that the library makes itself."""
