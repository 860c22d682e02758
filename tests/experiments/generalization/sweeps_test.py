# SPDX-License-Identifier: Apache-2.0
"""Tests that one thing differs in every sweep from what a rule was made for."""

import dataclasses

import pytest

from experiments.generalization.sweeps import (
  SWEEPS,
  TRAINED,
  Setting,
  SweepValues,
  make_settings,
)
from lurl_tf.evaluation import EvaluationConfig

CONFIG = EvaluationConfig(
  units=(64, 48, 32), inner_steps=(50,), horizon=50, activation="relu"
)
SETTING = Setting(TRAINED, TRAINED, CONFIG, "pictures", 8, True)
VALUES = SweepValues(
  horizons=(1, 3),
  widths=(16, 64, 128),
  depths=(1, 5),
  activations=("relu", "step"),
  image_sizes=(14,),
)


def make(*sweeps):
  return make_settings(sweeps, VALUES, SETTING, "texts")


def differing(setting):
  """Names of what is not as in the trained setting."""
  fields = {**dataclasses.asdict(CONFIG), **SETTING._asdict()}
  own = {**dataclasses.asdict(setting.config), **setting._asdict()}
  labels = {"sweep", "value", "config", "is_trained"}
  return {name for name in own if own[name] != fields[name]} - labels


@pytest.mark.parametrize(
  ("sweep", "field", "expected"),
  [
    (
      "width",
      "units",
      {16: (16, 16, 32), 64: (64, 48, 32), 128: (128, 128, 32)},
    ),
    (
      "depth",
      "units",
      {1: (32,), 3: (64, 48, 32), 5: (64, 64, 64, 64, 32)},
    ),
    ("activation", "activation", {"relu": "relu", "step": "step"}),
    (
      "permutation",
      "permute_inputs",
      {"permuted": True, "unpermuted": False},
    ),
    ("image_size", "image_size", {8: 8, 14: 14}),
  ],
)
def test_one_thing_differs(sweep, field, expected):
  first, *settings = make(sweep)
  assert first == SETTING
  found = {
    each.value: getattr(
      each.config if hasattr(each.config, field) else each, field
    )
    for each in settings
  }
  assert list(found.items()) == list(expected.items())
  for each in settings:
    assert differing(each) == (set() if each.is_trained else {field})
  assert [each.is_trained for each in settings].count(True) == 1


def test_steps_are_on_the_way_of_one_evaluation():
  first, along, *others = make("steps", "width")
  assert first.config == along.config
  assert first.config.inner_steps == (50, 150)
  # What stays as it was trained shares its evaluation; the rest is short.
  assert {
    each.config.inner_steps for each in others if not each.is_trained
  } == {(50,)}
  assert {each.config for each in others if each.is_trained} == {first.config}


def test_texts_are_other_data():
  text = make("text")[1]
  assert (text.dataset, text.image_size, text.is_trained) == (
    "texts",
    None,
    False,
  )
  assert differing(text) == {"dataset", "image_size", "inner_steps"}
  assert text.config.inner_steps == (50, 150)


def test_a_single_layer_grows_itself():
  config = dataclasses.replace(CONFIG, units=(20,))
  settings = make_settings(
    ["width", "depth"], VALUES, SETTING._replace(config=config), "texts"
  )
  assert [each.config.units for each in settings[1:]] == [
    *((width,) for width in (16, 20, 64, 128)),
    (20,),
    (20,) * 5,
  ]


@pytest.mark.parametrize(
  ("sweeps", "image_size", "message"),
  [
    (["width", "widht"], 8, "--sweep=width,widht"),
    ([], 8, "must be some of steps"),
    (["image_size"], None, "needs images. Received: dataset='pictures'"),
  ],
)
def test_what_does_not_fit_is_refused(sweeps, image_size, message):
  setting = SETTING._replace(image_size=image_size)
  with pytest.raises(ValueError, match=message):
    make_settings(sweeps, VALUES, setting, "texts")


def test_every_sweep_can_be_made():
  assert {each.sweep for each in make(*SWEEPS)} == {TRAINED, *SWEEPS}
