# SPDX-License-Identifier: Apache-2.0
"""Tests of what a configuration turns on, and of what it refuses."""

import dataclasses
import json

import pytest

from lurl_tf.tasks.augmentation.config import AugmentationConfig


def test_by_default_nothing_is_on():
  config = AugmentationConfig()
  assert not config.augments_examples
  assert not config.varies_tasks
  assert config.coefficient_names == ()


@pytest.mark.parametrize(
  ("field", "value", "names"),
  [
    ("max_shift", 1.5, ("shift_x", "shift_y")),
    ("max_rotation", 10.0, ("rotation",)),
    ("noise_stddev", 0.1, ("noise",)),
    ("input_dropout", 0.3, ()),
    ("scale_range", (0.5, 2.0), ()),
    ("offset_range", (-0.1, 0.0), ()),
  ],
)
def test_each_field_turns_something_on(field, value, names):
  config = AugmentationConfig(**{field: value})
  assert config.augments_examples == bool(names)
  assert config.varies_tasks == (not names)
  assert config.coefficient_names == names


def test_columns_are_ordered_and_only_those_that_are_on():
  config = AugmentationConfig(noise_stddev=0.1, max_rotation=3, max_shift=1)
  assert config.coefficient_names == ("rotation", "shift_x", "shift_y", "noise")


def test_json_gives_it_back():
  config = AugmentationConfig(max_shift=2.0, scale_range=(0.5, 2.0))
  fields = json.loads(json.dumps(dataclasses.asdict(config)))
  assert AugmentationConfig(**fields) == config


@pytest.mark.parametrize(
  ("field", "value"),
  [
    ("max_shift", -1.0),
    ("max_shift", float("nan")),
    ("max_rotation", 181.0),
    ("noise_stddev", float("inf")),
    ("input_dropout", 1.0),
    ("input_dropout", -0.1),
    ("scale_range", (0.0, 1.0)),
    ("scale_range", (2.0, 1.0)),
    ("offset_range", (0.0,)),
    ("offset_range", (0.0, float("nan"))),
  ],
)
def test_bad_numbers_raise(field, value):
  with pytest.raises(ValueError, match=f"`{field}` must .* Received: {field}="):
    AugmentationConfig(**{field: value})
