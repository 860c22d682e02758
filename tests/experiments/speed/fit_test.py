# SPDX-License-Identifier: Apache-2.0
"""Tests that `fit` is timed; no test checks the times."""

import time

import lurl_tf
from experiments.speed.cases import Case
from experiments.speed.fit import time_fit
from tests.tiny_models import TINY_RULE

TINY = Case("tiny", TINY_RULE, 9, (4,), batch_size=8)


def test_seconds_of_one_step(monkeypatch):
  fits = []

  class SlowModel(lurl_tf.LocalRuleModel):
    """A model whose steps take at least a hundredth of a second."""

    def fit(self, inputs, **options):
      fits.append(inputs.shape)
      return super().fit(inputs, **options)

    def train_step(self, data):
      time.sleep(0.01)
      return super().train_step(data)

    def compile(self):
      super().compile(run_eagerly=True)

  monkeypatch.setattr(lurl_tf, "LocalRuleModel", SlowModel)
  seconds = time_fit(TINY, steps=3, repetitions=2)
  assert fits == [(8, 9), (24, 9)]
  assert 0.01 < seconds < 1.0
