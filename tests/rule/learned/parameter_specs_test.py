# SPDX-License-Identifier: Apache-2.0
"""Names, shapes and starting values against the authors' listing."""

import pathlib
import re

import numpy as np
import pytest

from lurl_tf.rule.learned.parameter_specs import (
  initial_values,
  ordered_specs,
  ordered_values,
)
from lurl_tf.structures import RuleConfig

LISTING = (
  pathlib.Path(__file__).parents[2] / "golden" / "theta_variables.txt"
).read_text()
ROW = re.compile(
  r"^(\S+) +\[([\d, ]+)\] +(\d+) trainable +(zeros|trunc_normal|constant)"
  r"(?:\(std=.*=([\d.]+)\)| ([\d.]+))?$",
  re.MULTILINE,
)


def test_published_rule_is_the_authors_listing():
  specs = ordered_specs(RuleConfig())
  rows = ROW.findall(LISTING)
  assert len(rows) == len(specs) == 72
  for spec, (name, shape, count, kind, stddev, constant) in zip(specs, rows):
    assert spec.name == name
    assert spec.shape == tuple(map(int, shape.split(",")))
    assert np.prod(spec.shape) == int(count)
    assert bool(spec.stddev) == (kind == "trunc_normal"), name
    if stddev:
      assert spec.stddev == pytest.approx(float(stddev), abs=5e-5)
    assert spec.constant == (float(constant) if constant else 0.0)
  assert sum(np.prod(spec.shape) for spec in specs) == 114_670


def test_output_size_changes_what_the_listing_says():
  changed = {
    spec.name: spec.shape
    for spec, other in zip(
      ordered_specs(RuleConfig(output_size=16)), ordered_specs(RuleConfig())
    )
    if spec.shape != other.shape
  }
  line = re.search(r"^change output 16.*$", LISTING, re.MULTILINE).group()
  listed = re.findall(r"(compute_top_delta/\S+) \S[^>]*->\[([\d, ]+)\]", line)
  expected = {
    name: tuple(map(int, shape.split(",")))
    for name, shape in listed
    if "moving" not in name
  }
  assert changed == expected


def test_separate_updates_add_32_parameters_at_the_end():
  own = [s.name for s in ordered_specs(RuleConfig(identical_updates=False))]
  shared = [s.name for s in ordered_specs(RuleConfig())]
  assert own[:72] == shared
  assert len(own) == 104
  assert all(name.startswith("backward") for name in own[72:])


def test_pooled_rule_is_free_of_the_output_size():
  one, other = (
    [s.shape for s in ordered_specs(RuleConfig(mixing="pooled", output_size=n))]
    for n in (3, 32)
  )
  assert one == other


def test_starting_values():
  specs, values = ordered_specs(RuleConfig()), initial_values(RuleConfig(), 5)
  for spec, value in zip(specs, values):
    assert tuple(value.shape) == spec.shape
    if spec.stddev:
      assert np.max(np.abs(value)) <= 2 * spec.stddev
      # A normal distribution cut at 2 has a standard deviation of 0.88.
      if np.prod(spec.shape) > 1000:
        assert np.std(value) == pytest.approx(0.88 * spec.stddev, rel=0.05)
    else:
      assert np.all(value.numpy() == np.float32(spec.constant))


def test_seeds():
  def kernel(seed):
    return initial_values(RuleConfig(), seed)[0].numpy()

  np.testing.assert_array_equal(kernel(1), kernel(1))
  assert np.any(kernel(1) != kernel(2))


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
