# SPDX-License-Identifier: Apache-2.0
"""Tests that all scripts can be imported by one process."""

import importlib
import pkgutil

import pytest

import experiments
from tests import source_tree


@pytest.mark.skipif(not source_tree.IS_WHOLE, reason="needs the checkout")
def test_no_two_scripts_define_the_same_flag():
  """A second definition of a flag raises an error."""
  names = [module.name for module in pkgutil.iter_modules(experiments.__path__)]
  assert {"meta_train", "evaluate", "compare_estimators"} <= set(names)
  for name in names:
    importlib.import_module(f"experiments.{name}")
