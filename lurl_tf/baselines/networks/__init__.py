# SPDX-License-Identifier: Apache-2.0
"""Baselines that train Keras networks by gradient descent."""
