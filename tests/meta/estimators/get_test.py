# SPDX-License-Identifier: Apache-2.0
"""Tests of estimators by name, and of one's own in a trainer."""

import numpy as np
import pytest
import tensorflow as tf

from lurl_tf.meta.estimators import (
  ESTIMATORS,
  Estimate,
  Estimator,
  EstimatorConfig,
  get_estimator,
)
from lurl_tf.meta.estimators import get as registry
from lurl_tf.meta.metrics import UnrollMetrics
from tests import tiny_meta

RULE = tiny_meta.make_rule_config()
TRAINED = np.ones(10, bool)


class ConstantGradient(Estimator):
  """A toy: slots count truncations, and every gradient is 1, 2, 3, ..."""

  def init(self, task, seed, slots):
    return tf.zeros([slots], tf.int32)

  def estimate(self, task, parameters, state, clock, data, length, seeds):
    slots, size = seeds.shape[0], parameters.shape[0]
    gradient = tf.range(1.0, size + 1)
    losses = tf.fill([slots], 0.25)
    return Estimate(
      tf.tile(gradient[tf.newaxis], [slots, 1]),
      state + 1,
      UnrollMetrics(*[losses] * len(UnrollMetrics._fields)),
    )


@pytest.mark.parametrize("compiled", [False, True])
def test_a_trainer_takes_an_estimator_of_ones_own(compiled):
  """Without the inner learning rates; Adam moves all others down alike."""
  # No slot is at its horizon and restarts.
  config = tiny_meta.make_config(
    slot_clip_norm=1e9, clip_norm=1e9, min_horizon=1000, max_horizon=1000
  )
  trainer = tiny_meta.make_trainer(
    config, jit_compile=compiled, estimator=ConstantGradient()
  )
  before = trainer.parameters().numpy()
  metrics = trainer.train(2)
  moved = trainer.parameters().numpy() - before
  np.testing.assert_allclose(moved[:-2], -2 * config.learning_rate, rtol=1e-3)
  np.testing.assert_array_equal(moved[-2:], 0)
  assert metrics.loss == 0.25
  norm = np.linalg.norm(np.arange(1, len(before) - 1))
  np.testing.assert_allclose(metrics.gradient_norm, norm, rtol=1e-5)
  (slots,) = trainer.state.values.slots
  np.testing.assert_array_equal(slots.state, [2] * config.slots)


def test_an_entry_of_the_registry_is_found_by_its_name(monkeypatch):
  monkeypatch.setitem(
    registry.ESTIMATORS, "constant", lambda config, space: ConstantGradient()
  )
  config = tiny_meta.make_config(estimator=EstimatorConfig("constant"))
  with tiny_meta.eagerly():
    trainer = tiny_meta.make_trainer(config)
  assert isinstance(trainer.groups[0].estimator, ConstantGradient)


def test_every_entry_makes_an_estimator():
  config = tiny_meta.make_config()
  with tiny_meta.eagerly():
    size = tiny_meta.make_trainer(config).parameters().shape[0]
  for name in ESTIMATORS:
    estimator = get_estimator(
      EstimatorConfig(name), config.rule, 2, np.ones(size, bool)
    )
    assert isinstance(estimator, Estimator)


@pytest.mark.parametrize(
  ("fields", "message"),
  [
    ({"name": "backprop"}, "one of tbptt, bptt.*name='backprop'"),
    (
      {"name": "mixture", "evolution": "tbptt"},
      "one of es, pes.*evolution='tbptt'",
    ),
  ],
)
def test_an_unknown_name_is_refused(fields, message):
  with pytest.raises(ValueError, match=message):
    get_estimator(EstimatorConfig(**fields), RULE, 2, TRAINED)
