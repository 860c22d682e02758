# SPDX-License-Identifier: Apache-2.0
"""Resumable meta-training runs in a log folder."""
