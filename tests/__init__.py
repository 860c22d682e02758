# SPDX-License-Identifier: Apache-2.0
"""Tests and their helpers; a package, so that no other `tests` is imported."""
