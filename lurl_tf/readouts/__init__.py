# SPDX-License-Identifier: Apache-2.0
"""Read-outs: classifiers on frozen features."""
