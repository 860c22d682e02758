# SPDX-License-Identifier: Apache-2.0
"""Tests of `lurl_tf.meta`."""
