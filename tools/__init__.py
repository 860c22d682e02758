# SPDX-License-Identifier: Apache-2.0
"""Tools for developers of this library; they are not installed."""
