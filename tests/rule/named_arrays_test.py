# SPDX-License-Identifier: Apache-2.0
"""Tests of `lurl_tf.rule.named_arrays`."""

import numpy as np
import pytest

from lurl_tf.rule.learned.parameter_specs import ordered_specs
from lurl_tf.rule.named_arrays import ordered_values
from lurl_tf.structures import RuleConfig

CONFIG = RuleConfig(hidden_channels=4, delta_channels=3, output_size=2)


def draw_arrays():
  generator = np.random.default_rng(0)
  specs = ordered_specs(CONFIG)
  return {spec.name: generator.normal(size=spec.shape) for spec in specs}


def test_order_is_the_rules_whatever_the_mapping_has():
  arrays = draw_arrays()
  values = ordered_values(CONFIG, dict(sorted(arrays.items())))
  for value, spec in zip(values, ordered_specs(CONFIG), strict=True):
    np.testing.assert_array_equal(value, arrays[spec.name].astype("float32"))


@pytest.mark.parametrize("fault", ["missing", "unknown", "shape"])
def test_arrays_of_another_rule(fault):
  arrays = draw_arrays()
  if fault == "missing":
    del arrays["linear/w"]
  elif fault == "unknown":
    arrays["linear/v"] = np.ones(3)
  else:
    arrays["linear/w"] = np.ones((4, 5))
  with pytest.raises(ValueError, match="linear/[wv]"):
    ordered_values(CONFIG, arrays)
