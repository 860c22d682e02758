# SPDX-License-Identifier: Apache-2.0
"""Outer steps: state, step and update of the meta-parameters."""
