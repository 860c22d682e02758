# SPDX-License-Identifier: Apache-2.0
"""Outer steps: what one does to theta, its state, and its compiled calls."""
