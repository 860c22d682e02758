# SPDX-License-Identifier: Apache-2.0
"""Task slots: their schedules, data and compiled programs."""
