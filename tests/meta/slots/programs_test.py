# SPDX-License-Identifier: Apache-2.0
"""Tests that slots can be spread over programs."""

import numpy as np
import pytest
import tensorflow as tf

from lurl_tf.meta.estimators import (
  EstimatorConfig,
  get_estimator,
  split_seeds,
)
from lurl_tf.meta.inner.flat_parameters import parameter_mask
from lurl_tf.meta.inner.truncated_task import TruncatedTask
from lurl_tf.meta.inner.unroll_config import UnrollConfig
from lurl_tf.meta.slots.programs import SlotInputs, SlotPrograms
from tests import tiny_meta

SLOTS, STEPS, KNOTS = 3, 2, 2
RULE = tiny_meta.make_rule_config(dtype="float64")
TASK = TruncatedTask(RULE, UnrollConfig(STEPS), tiny_meta.INPUTS, (6,))


def make_inputs(estimator):
  _, clock, data = tiny_meta.draw_problem(SLOTS, STEPS)
  state = estimator.init(TASK, tf.constant([4, 5]), SLOTS)
  return SlotInputs(state, clock, data, split_seeds(tf.constant([1, 2]), SLOTS))


@pytest.mark.parametrize("name", ["tbptt", "pes"])
def test_spreading_does_not_change_the_numbers(name):
  """Neither gradients, metrics nor states, nor what is random."""
  mask = parameter_mask(RULE, KNOTS, ["."])
  estimator = get_estimator(EstimatorConfig(name, pairs=1), RULE, KNOTS, mask)
  parameters = tiny_meta.make_vector(tiny_meta.make_rule(RULE))
  inputs = make_inputs(estimator)

  def run(slots_per_program):
    programs = SlotPrograms(estimator, TASK, slots_per_program, False)
    with tiny_meta.eagerly():
      return programs(parameters, inputs, tf.constant(STEPS))

  together = run(SLOTS)
  assert float(tf.norm(together.gradients, axis=1).numpy().min()) > 0
  # Of two, the last program has one slot only.
  for slots_per_program in (1, 2):
    for one, other in zip(
      *map(tf.nest.flatten, (run(slots_per_program), together)), strict=True
    ):
      np.testing.assert_allclose(one, other, rtol=1e-7, atol=1e-10)


def test_programs_of_equal_size_are_traced_once():
  traced = []

  class Counted(type(get_estimator(EstimatorConfig(), RULE, KNOTS, None))):
    """Tells of every trace."""

    def estimate(self, *args):
      """See `Estimator.estimate`."""
      traced.append(args[-1].shape[0])
      return super().estimate(*args)

  estimator = Counted()
  programs = SlotPrograms(estimator, TASK, 1, False)
  parameters = tiny_meta.make_vector(tiny_meta.make_rule(RULE))
  inputs = make_inputs(estimator)
  call = tf.function(programs, autograph=False)
  for _ in range(2):
    call(parameters, inputs, tf.constant(STEPS))
  assert traced == [1]


def test_a_program_has_slots():
  with pytest.raises(ValueError, match="Received: slots_per_program=0"):
    SlotPrograms(None, TASK, 0)


def test_a_graph_of_tensorflows_operations_has_the_same_gradient():
  """Of float32, against float64 and the rule's own layers."""
  problem = tiny_meta.draw_problem(SLOTS, STEPS)
  rule = tiny_meta.make_rule(tiny_meta.make_rule_config("published"))

  def run(dtype, compiler):
    config = tiny_meta.make_rule_config("published", dtype)
    task = TruncatedTask(
      config, UnrollConfig(STEPS, compiler=compiler), tiny_meta.INPUTS, (7, 6)
    )
    mask = parameter_mask(config, KNOTS, ["."])
    estimator = get_estimator(EstimatorConfig(), config, KNOTS, mask)
    state, clock, data = tf.nest.map_structure(
      lambda each: tf.cast(each, dtype) if each.dtype.is_floating else each,
      problem,
    )
    inputs = SlotInputs(
      state,
      clock,
      data,
      split_seeds(tf.constant([1, 2]), SLOTS),
    )
    parameters = tf.cast(tiny_meta.make_vector(rule), dtype)
    programs = SlotPrograms(estimator, task, 1, jit_compile=False)
    with tiny_meta.eagerly():
      return programs(parameters, inputs, tf.constant(STEPS)).gradients.numpy()

  expected, actual = run("float64", "xla"), run("float32", "graph")
  error = np.linalg.norm(actual - expected, axis=1)
  assert np.all(error < 1e-3 * np.linalg.norm(expected, axis=1))


@pytest.mark.parametrize(("compiler", "apart"), [("graph", 1), ("xla", 0)])
def test_a_graph_is_kept_apart_from_its_caller(compiler, apart):
  """TensorFlow copies a function into its caller for every call, else."""
  task = TruncatedTask(
    RULE, UnrollConfig(STEPS, compiler=compiler), tiny_meta.INPUTS, (6,)
  )
  estimator = get_estimator(
    EstimatorConfig(), RULE, KNOTS, parameter_mask(RULE, KNOTS, ["."])
  )
  programs = SlotPrograms(estimator, task, 1, jit_compile=False)
  traced = tf.function(programs, autograph=False).get_concrete_function(
    tiny_meta.make_vector(tiny_meta.make_rule(RULE)),
    make_inputs(estimator),
    tf.constant(STEPS),
  )
  functions = traced.graph.as_graph_def().library.function
  assert sum(each.attr["_noinline"].b for each in functions) == apart
