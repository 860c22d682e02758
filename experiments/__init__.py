# SPDX-License-Identifier: Apache-2.0
"""Scripts: flags and main in each, the logic in functions taking objects."""
