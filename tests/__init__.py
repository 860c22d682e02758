# SPDX-License-Identifier: Apache-2.0
"""Tests, and what they share; a package, so that no other `tests` is taken."""
