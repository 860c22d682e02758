# SPDX-License-Identifier: Apache-2.0
"""Tests of the meta-trainer with its replica step compiled by XLA.

The replica step is pure, so that one compilation serves all trainers of equal
shapes: compiling is what takes time here.
"""

import numpy as np
import pytest
import tensorflow as tf

from lurl_tf.meta.inner.flat_parameters import (
  flatten_parameters,
  unflatten_parameters,
)
from lurl_tf.meta.inner.variation import TaskVariation
from lurl_tf.meta.slots.schedule import new_schedule, plan_truncation
from lurl_tf.meta.slots.structures import Slots, Truncation
from tests import tiny_meta

SLOTS, STEPS = 4, 60


def make_config(mixing="pooled", **fields):
  """In float64: XLA's rounding depends on the options that it compiles with."""
  own = {
    "units": (6,),
    "slots": SLOTS,
    "learning_rate": 0.03,
    "learn_inner_rates": True,
    "decay_steps": 100,
  }
  return tiny_meta.make_config(mixing, "float64", **{**own, **fields})


def make_trainer(config, compiled=None):
  """A trainer with a replica step of its own, or another trainer's."""
  trainer = tiny_meta.make_trainer(
    config, tiny_meta.make_examples(separation=1.0)
  )
  if compiled is not None:
    trainer.groups[0].compiled_step = compiled.groups[0].compiled_step
  return trainer


class Run:
  """Sixty outer steps, with checkpoints after 10 and 20."""

  def __init__(self, folder):
    self.trainer = make_trainer(make_config())
    self.folder, self.losses = folder, []

    def on_step(step, metrics):
      self.losses.append(metrics.loss)
      if step in (10, 20):
        self.trainer.write_checkpoint(self.path(step))

    self.trainer.train(STEPS, on_step)

  def path(self, step):
    return str(self.folder / f"after_{step}")


@pytest.fixture(scope="module", name="run")
def fixture_run(tmp_path_factory):
  return Run(tmp_path_factory.mktemp("run"))


def test_one_trace_for_all_truncation_lengths(run):
  """The plan of the steps is made again here, to see what was asked for."""
  config = run.trainer.config
  schedule, lengths = new_schedule(SLOTS), []
  for truncation in range(STEPS):
    plan = plan_truncation(schedule, (2, 4), (6, 9), 1, config.seed, truncation)
    lengths.append(plan.length)
    schedule = plan.after
  assert set(lengths) == {2, 3, 4}
  books = [
    schedule.numpy() for schedule in run.trainer.checkpoint.queue.schedules
  ]
  np.testing.assert_array_equal(books, [np.stack(schedule)])
  assert run.trainer.step == STEPS >= 50
  # The bucket's step, and the call of it.
  assert run.trainer.trace_count == 2


def test_a_resumed_run_equals_an_uninterrupted_one(run, tmp_path):
  trainer = make_trainer(make_config(seed=0), compiled=run.trainer)
  trainer.read_checkpoint(run.path(10))
  assert trainer.step == 10
  trainer.train(10)
  trainer.write_checkpoint(tmp_path / "resumed")
  resumed = tiny_meta.read_checkpoint(tmp_path / "resumed")
  expected, earlier = (
    tiny_meta.read_checkpoint(run.path(step)) for step in (20, 10)
  )
  assert resumed.keys() == expected.keys()
  for name, array in expected.items():
    np.testing.assert_array_equal(resumed[name], array, err_msg=name)
  # Theta, both moments of Adam, and the slots' weights are among it.
  changed = {
    name.removesuffix("/.ATTRIBUTES/VARIABLE_VALUE")
    for name in expected
    if np.any(expected[name] != earlier[name])
  }
  learned = ("parameters", "means", "squares", "steps", "average")
  kernels = {"state/slots/0/state/weights/0/kernel", "queue/schedules/0"}
  assert changed >= {f"state/outer/learned/{each}" for each in learned}
  assert changed >= kernels


def test_a_run_without_its_slots_differs(run):
  """The ten steps after what was learned alone are other ones."""
  trainer = make_trainer(make_config(), compiled=run.trainer)
  outer = trainer.checkpoint.state.outer
  tf.train.Checkpoint(state=tf.train.Checkpoint(outer=outer)).read(
    run.path(10)
  ).expect_partial()
  trainer.load()
  assert trainer.step == 10
  trainer.train(10)
  expected = tiny_meta.read_checkpoint(run.path(20))[
    "state/outer/learned/parameters/.ATTRIBUTES/VARIABLE_VALUE"
  ]
  assert np.abs(trainer.parameters() - expected).max() > 1e-3


def test_the_loss_falls(run):
  """On the same tasks, labels and initial weights as without learning."""

  def losses(learning_rate):
    config = make_config(learning_rate=learning_rate, learn_inner_rates=False)
    trainer, history = make_trainer(config, compiled=run.trainer), []
    trainer.train(STEPS, lambda _, metrics: history.append(metrics.loss))
    return np.array(history)

  learned, control = losses(0.03), losses(1e-9)
  assert learned[0] == control[0]
  assert learned[-20:].mean() < control[-20:].mean() - 0.1
  assert learned[-20:].mean() < learned[:20].mean() - 0.05
  assert abs(control[-20:].mean() - control[:20].mean()) < 0.05


@pytest.mark.parametrize(
  "mixing", ["pooled", pytest.param("published", marks=pytest.mark.slow)]
)
def test_compiled_equals_eager(run, mixing):
  """To a share of the maximum of each array."""
  trainer = run.trainer
  if mixing != "pooled":
    trainer = make_trainer(make_config(mixing))
  rule = tiny_meta.make_rule(trainer.config.rule)
  state, clock, data = tiny_meta.draw_problem(SLOTS, 4, units=(6,))
  parameters = flatten_parameters(tiny_meta.make_parameters(rule))
  zeros = tf.zeros([SLOTS], tf.int32)
  arguments = (
    parameters,
    Slots(state, zeros, zeros),
    Truncation(
      reset=tf.constant([True, False, False, True]),
      clock=clock,
      length=tf.constant(3),
      seed=tf.constant([5, 6]),
      data=data,
      variation=TaskVariation(
        tf.constant([range(tiny_meta.INPUTS)] * SLOTS),
        tf.zeros([SLOTS, 2], tf.int32),
        tf.zeros([SLOTS, 2], tf.int32),
      ),
      data_sets=zeros,
    ),
  )

  def outputs(advance):
    """The gradient by meta-parameter: they differ in scale."""
    each = unflatten_parameters(trainer.config.rule, advance.gradient)
    return tf.nest.flatten((each, advance[1:]))

  (group,) = trainer.groups
  compiled = outputs(group.compiled_step(*arguments))
  with tiny_meta.eagerly():
    eager = outputs(group._advance(*arguments))
  compared = 0
  for index, (one, other) in enumerate(zip(compiled, eager, strict=True)):
    one, other = one.numpy(), other.numpy()
    largest = np.abs(other).max()
    # Gradients of biases that a normalisation cancels: rounding errors.
    if largest < 1e-15:
      assert np.abs(one).max() < 1e-14, index
    else:
      assert np.abs(one - other).max() <= 1e-9 * largest, index
      compared += 1
  assert compared > 60
  assert group.trace_count == 1
