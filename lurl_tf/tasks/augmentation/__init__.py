# SPDX-License-Identifier: Apache-2.0
"""Augmentation of examples and tasks."""
