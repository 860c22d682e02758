# SPDX-License-Identifier: Apache-2.0
"""Image formats, files and resizing."""
