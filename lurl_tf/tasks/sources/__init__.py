# SPDX-License-Identifier: Apache-2.0
"""Kinds of data sets and how each is loaded."""
