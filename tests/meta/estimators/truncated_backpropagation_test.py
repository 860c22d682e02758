# SPDX-License-Identifier: Apache-2.0
"""Tests that every task slot has a gradient of its own."""

import copy
import dataclasses

import numpy as np
import pytest
import tensorflow as tf

from lurl_tf.meta.estimators import TruncatedBackpropagation
from lurl_tf.meta.inner import unroll
from lurl_tf.meta.inner.truncated_task import TruncatedTask
from lurl_tf.meta.inner.unroll_config import UnrollConfig
from lurl_tf.rule.arithmetic import winograd
from tests import tiny_meta

SLOTS, STEPS = 3, 2


class Problem:
  """A task, what is meta-learned, and the slots' state and data."""

  def __init__(self, mixing):
    rule = tiny_meta.make_rule(tiny_meta.make_rule_config(mixing, "float64"))
    config = UnrollConfig(max_steps=STEPS)
    self.parameters = tiny_meta.make_vector(rule)
    self.state, self.clock, self.data = tiny_meta.draw_problem(
      SLOTS, STEPS, draws=2
    )
    self.task = TruncatedTask(
      rule.config, config, tiny_meta.INPUTS, tiny_meta.UNITS
    )

  def estimate(self, slots=slice(None), **options):
    """Of some of the slots; eager, as that is the fastest to set up."""
    config = dataclasses.replace(self.task.config, **options)
    return TruncatedBackpropagation().estimate(
      dataclasses.replace(self.task, config=config),
      self.parameters,
      *tf.nest.map_structure(
        lambda value: value[slots], (self.state, self.clock)
      ),
      tf.nest.map_structure(lambda value: value[:, slots], self.data),
      tf.constant(STEPS),
      tf.zeros([SLOTS, 2], tf.int32)[slots],
    )


@pytest.fixture(scope="module", params=["pooled", "published"], name="problem")
def fixture_problem(request):
  return Problem(request.param)


@pytest.fixture(scope="module", name="together")
def fixture_together(problem):
  return problem.estimate()


def assert_close(actual, expected, relative=1e-10):
  """Up to a share of each array's maximum; beyond that rounding only."""
  actual, expected = np.asarray(actual), np.asarray(expected)
  tolerance = relative * np.abs(expected).max() + 1e-14
  np.testing.assert_allclose(actual, expected, rtol=0, atol=tolerance)


def test_slots_equal_single_tasks(problem, together):
  for slot in range(SLOTS):
    alone = problem.estimate(slice(slot, slot + 1))
    tf.nest.assert_same_structure(alone, together)
    for one, other in zip(
      tf.nest.flatten(together), tf.nest.flatten(alone), strict=True
    ):
      assert_close(one[slot], other[0])


def test_slots_differ(problem, together):
  """Without which the test above would say little."""
  gradients = together.gradients.numpy()
  for gradient in gradients:
    assert np.linalg.norm(gradient) > 1e-3
  for one, other in ((0, 1), (1, 2), (0, 2)):
    cosine = gradients[one] @ gradients[other]
    cosine /= np.linalg.norm(gradients[one]) * np.linalg.norm(gradients[other])
    assert cosine < 0.99


def test_structure(problem, together):
  assert together.gradients.shape == [SLOTS, *problem.parameters.shape]
  tf.nest.assert_same_structure(together.state, problem.state)


@pytest.mark.parametrize("recompute", ["never", "elementwise"])
def test_recomputing_changes_nothing(problem, together, recompute):
  kept = problem.estimate(recompute=recompute)
  for one, other in zip(
    tf.nest.flatten(kept), tf.nest.flatten(together), strict=True
  ):
    assert_close(one, other)


@pytest.mark.parametrize(
  ("recompute", "expected"),
  [("never", []), ("always", [False]), ("elementwise", [True])],
)
def test_steps_are_computed_anew_as_the_option_says(
  problem, recompute, expected, monkeypatch
):
  seen = []

  def spy(function, keep_products):
    seen.append(keep_products)
    return function

  monkeypatch.setattr(unroll, "recomputed", spy)
  problem.estimate(recompute=recompute)
  assert seen == expected


@pytest.mark.parametrize("recompute", ["always", "elementwise"])
def test_winograds_convolutions_change_nothing(
  problem, together, recompute, monkeypatch
):
  calls, convolve = [], winograd.convolve

  def spy(*arguments):
    calls.append(arguments)
    return convolve(*arguments)

  monkeypatch.setattr(winograd, "FEWEST_CHANNELS", 1)
  monkeypatch.setattr(winograd, "convolve", spy)
  estimate = problem.estimate(convolutions="winograd", recompute=recompute)
  assert bool(calls) == (problem.task.rule.mixing == "published")
  for one, other in zip(
    tf.nest.flatten(estimate), tf.nest.flatten(together), strict=True
  ):
    assert_close(one, other)


def test_one_bad_slot_leaves_the_others_alone(problem, together):
  """NaN in one slot's inputs must not reach another slot's gradient."""
  batches = problem.data.batches.numpy()
  batches[0, 1, 0, 0] = np.nan
  bad = copy.copy(problem)
  bad.data = problem.data._replace(batches=tf.constant(batches))
  estimate = bad.estimate()
  assert np.isnan(estimate.metrics.loss[1])
  for one, other in zip(
    tf.nest.flatten((estimate.gradients, estimate.metrics)),
    tf.nest.flatten((together.gradients, together.metrics)),
  ):
    for slot in (0, 2):
      assert_close(one[slot], other[slot])
