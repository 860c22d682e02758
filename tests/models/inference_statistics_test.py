# SPDX-License-Identifier: Apache-2.0
"""Tests of the statistics of inference at the end of `fit`."""

import numpy as np
import pytest

import lurl_tf
from lurl_tf.tasks import load_examples
from tests.tiny_models import chain_of, draw_inputs, tiny_model, weights_of


def test_they_are_those_of_all_rows_at_the_final_weights():
  model, inputs = tiny_model(), draw_inputs(64)
  # The first epochs' statistics are far from those at the end.
  model.fit(inputs, batch_size=16, epochs=5, shuffle=False, verbose=0)
  rows = inputs.reshape(4, 16, -1)
  weights = weights_of(model)
  for index, layer in enumerate(chain_of(model)):
    if index == 0:
      below = rows
    else:
      below = np.stack(
        [lurl_tf.forward(weights[:index], batch).features for batch in rows]
      )
    linear = (below @ weights[index].kernel.numpy()).reshape(64, -1)
    np.testing.assert_allclose(
      layer.moving_mean.numpy(), linear.mean(axis=0), rtol=1e-4, atol=1e-6
    )
    np.testing.assert_allclose(
      layer.moving_variance.numpy(), linear.var(axis=0), rtol=1e-4
    )


def test_without_that_pass_they_lag():
  model, inputs = tiny_model(), draw_inputs(64)
  for begin in range(0, 64, 16):
    model.train_on_batch(inputs[begin : begin + 16])
  layer = chain_of(model)[0]
  lagging = layer.moving_variance.numpy()
  model.estimate_statistics(inputs, batch_size=16)
  linear = inputs @ layer.kernel.numpy()
  np.testing.assert_allclose(
    layer.moving_variance.numpy(), linear.var(axis=0), rtol=1e-4
  )
  assert np.max(np.abs(lagging / linear.var(axis=0) - 1)) > 0.2


@pytest.mark.parametrize("rule", ["soft_winner_take_all", "sanger"])
def test_few_shot_accuracy_is_that_of_the_published_protocol(rule):
  """Half a point, on real digits."""
  train, test = (load_examples("lurl_digits", s) for s in ("train", "test"))
  model = lurl_tf.LocalRuleModel((64, 32), rule, seed=0)
  model.compile(jit_compile=False)
  inputs = train.inputs.astype(np.float32) / 255
  model.fit(inputs, batch_size=128, epochs=10, verbose=0)
  query = test.inputs.astype(np.float32) / 255
  moving = np.mean(
    [
      lurl_tf.models.few_shot_accuracy(
        model.predict(query, verbose=0), test.labels, label_draws=20, seed=seed
      )
      for seed in range(5)
    ]
  )
  features = lurl_tf.forward(weights_of(model), query).features
  published = np.mean(
    [
      lurl_tf.models.few_shot_accuracy(
        features, test.labels, label_draws=20, seed=seed
      )
      for seed in range(5)
    ]
  )
  assert moving > 0.6
  assert abs(moving - published) < 0.005
