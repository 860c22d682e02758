# SPDX-License-Identifier: Apache-2.0
"""Tests of how scripts that take several rules read `--rule`."""

import pytest
from absl import flags
from absl.testing import flagsaver

from experiments.common import rule_flags
from lurl_tf import presets


def choices(**values):
  flags.FLAGS.mark_as_parsed()
  with flagsaver.as_parsed(**values):
    return rule_flags.choices_from_flags()


def test_rules_stand_with_commas_between_them():
  assert [each.name for each in choices(rule="oja,hebbian")] == [
    "oja",
    "hebbian",
  ]
  (choice,) = choices()
  assert choice.name == presets.default()


@pytest.mark.parametrize("rule", ["", "oja,", ",oja", "oja,,hebbian"])
def test_names_that_are_empty_are_refused(rule):
  with pytest.raises(ValueError, match=f"Expected .*Received: rule='{rule}'"):
    choices(rule=rule)
