# SPDX-License-Identifier: Apache-2.0
"""Inner training: the unroll that meta-gradients differentiate."""
