# SPDX-License-Identifier: Apache-2.0
"""Flags, results and data that the scripts share."""
