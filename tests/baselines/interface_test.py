# SPDX-License-Identifier: Apache-2.0
"""Tests of what all baselines have in common."""

import dataclasses

import numpy as np
import pytest

from lurl_tf.baselines import interface
from lurl_tf.baselines.get import NAMED


def test_features_are_the_last_layers():
  class TwoLayers(interface.Features):
    def layers(self, inputs):
      return inputs, 2 * inputs

  assert TwoLayers()(np.ones([1, 1])) == 2


@pytest.mark.parametrize(
  ("make", "arguments", "method"),
  [
    (interface.Features, [None], "layers"),
    (interface.Baseline, [None], "fit"),
    (interface.LabelledBaseline, [None, None, 2], "fit_labelled"),
    (interface.TaskBaseline, [None], "fit_tasks"),
  ],
)
def test_what_must_be_overridden_says_so(make, arguments, method):
  with pytest.raises(NotImplementedError, match=f"must override `{method}`"):
    getattr(make(), method)(*arguments)


@pytest.mark.parametrize("name", NAMED)
def test_candidates_begin_with_the_baseline_and_are_few(name):
  baseline = NAMED[name]
  candidates = baseline.candidates()
  assert candidates[0] == baseline
  assert len(set(candidates)) == len(candidates) <= 20


@pytest.mark.parametrize("name", NAMED)
def test_baselines_are_frozen(name):
  with pytest.raises(dataclasses.FrozenInstanceError):
    NAMED[name].some_option = 1
