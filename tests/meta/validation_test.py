# SPDX-License-Identifier: Apache-2.0
"""Tests of scores on held-out tasks."""

import numpy as np
import pytest
import tensorflow as tf

import lurl_tf
from lurl_tf.layers.initial_weights import initial_weights
from lurl_tf.meta.validation import Validation
from tests import tiny_meta

UNITS, STEPS, ROUNDS = (6,), 5, 2


def make_config(**fields):
  return tiny_meta.make_config(
    units=UNITS, slots=2, min_horizon=1, max_horizon=STEPS, **fields
  )


def make_validation(config, **options):
  samplers = tiny_meta.make_samplers(config, use="meta_validation")
  return samplers[0], Validation(
    samplers, config, rounds=ROUNDS, jit_compile=False, **options
  )


def test_the_score_is_that_of_whole_inner_trainings():
  """Step by step, task by task, from the sampler's draws."""
  config = make_config(dtype="float64")
  rule = tiny_meta.make_rule(config.rule)
  sampler, validation = make_validation(config)
  score = validation.score(tiny_meta.make_vector(rule, (0.3, 0.1)))
  losses, accuracies = [], []
  for number in range(ROUNDS):
    seed = tf.constant(sampler.device_seed(2, 0, number))
    seeds = tf.random.split(seed, num=2, alg="philox")
    for slot in range(2):
      task = sampler.task(slot, number)
      order = task.permutation
      weights = initial_weights(tiny_meta.INPUTS, UNITS, seeds[slot], "float64")
      batches = sampler.batches(task, STEPS, slot, number)
      for step, batch in enumerate(batches):
        weights = lurl_tf.inner_step(
          rule,
          weights,
          batch[:, order].astype(np.float64),
          0.3 * (0.1 / 0.3) ** (step / STEPS),
        )
      episode = sampler.episodes(task, 1, slot, number)
      support, query = (
        each[0, 0][:, order].astype(np.float64)
        for each in (episode.support_inputs, episode.query_inputs)
      )
      features = lurl_tf.forward(
        weights, np.concatenate([support, query])
      ).features
      value = lurl_tf.ridge_objective(
        features[: len(support)],
        tf.constant(episode.support_targets[0, 0], tf.float64),
        features[len(support) :],
        tf.constant(episode.query_targets[0, 0], tf.float64),
        ridge="relative",
        penalty_in_loss=False,
      )
      losses.append(float(value.loss))
      accuracies.append(float(value.accuracy))
  np.testing.assert_allclose(score.loss, np.mean(losses), rtol=1e-6)
  np.testing.assert_allclose(score.accuracy, np.mean(accuracies), rtol=1e-12)
  assert np.std(losses) > 1e-3


def test_the_tasks_are_the_same_every_time():
  config = make_config()
  parameters = tiny_meta.make_vector(tiny_meta.make_rule(config.rule))
  _, validation = make_validation(config)
  assert validation.score(parameters) == validation.score(parameters)


@pytest.mark.parametrize("use", ["meta_train", "test"])
def test_data_that_may_not_be_chosen_by_are_refused(use):
  config = make_config()
  samplers = tiny_meta.make_samplers(config, use=use)
  with pytest.raises(ValueError, match=f"Received: use='{use}'"):
    Validation(samplers, config)


@pytest.mark.parametrize(
  ("compiler", "by_xla"), [("xla", True), ("graph", False)]
)
def test_xla_is_not_given_a_graph(compiler, by_xla, monkeypatch):
  seen, function = [], tf.function

  def spy(*arguments, **options):
    seen.append(options["jit_compile"])
    return function(*arguments, **options)

  config = make_config(unroll={"compiler": compiler})
  samplers = tiny_meta.make_samplers(config, use="meta_validation")
  monkeypatch.setattr(tf, "function", spy)
  Validation(samplers, config)
  assert seen == [by_xla]


def test_samplers_that_do_not_fit_are_named():
  config = make_config()
  samplers = tiny_meta.make_samplers(config, use="meta_validation")
  with pytest.raises(ValueError, match="Received: 2 samplers, 1 buckets"):
    Validation(samplers * 2, config)
  tasks = tiny_meta.make_tasks(UNITS, episodes={"batch_size": 3})
  other = make_config(tasks=tasks)
  with pytest.raises(
    ValueError, match="Received: .*batch_size=3.*batch_size=8"
  ):
    Validation(samplers, other)


def test_no_rounds_are_refused():
  config = make_config()
  samplers = tiny_meta.make_samplers(config, use="meta_validation")
  with pytest.raises(ValueError, match="Received: rounds=0"):
    Validation(samplers, config, rounds=0)
