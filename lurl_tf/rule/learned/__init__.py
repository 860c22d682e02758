# SPDX-License-Identifier: Apache-2.0
"""The learned update rules: published and pooled."""
