# SPDX-License-Identifier: Apache-2.0
"""Inner training: the unroll that a meta-gradient is taken through."""
