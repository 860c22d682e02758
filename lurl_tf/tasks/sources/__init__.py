# SPDX-License-Identifier: Apache-2.0
"""Kinds of data sets, by name; `data_set_name` describes how to add one."""
