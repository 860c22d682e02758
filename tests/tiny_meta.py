# SPDX-License-Identifier: Apache-2.0
"""Meta-training problem that is small enough for many tests."""

import contextlib
import dataclasses
from typing import NamedTuple
from unittest import mock

import numpy as np
import tensorflow as tf
from absl import flags
from absl.testing import flagsaver

from lurl_tf.layers.initial_weights import initial_weights
from lurl_tf.meta import strategy as distribution
from lurl_tf.meta.inner.flat_parameters import (
  flatten_parameters,
  unflatten_parameters,
)
from lurl_tf.meta.inner.state import InnerState, SlotClock
from lurl_tf.meta.inner.unroll import MetaParameters, TruncationData
from lurl_tf.meta.inner.unroll_config import UnrollConfig
from lurl_tf.meta.slots.structures import Advance, Slots, Truncation
from lurl_tf.meta.train_config import MetaTrainConfig
from lurl_tf.meta.trainer import MetaTrainer
from lurl_tf.rule.learned.update_rule import UpdateRule
from lurl_tf.structures import Episode, LabelledExamples, RuleConfig
from lurl_tf.tasks.distributions import (
  Bucket,
  DataSource,
  TaskDistribution,
  loading,
)
from lurl_tf.tasks.episodes import EpisodeConfig, TaskSampler

INPUTS, UNITS = 12, (7, 6)
CLASSES, TASK_CLASSES, PER_CLASS = 4, 3, 3
BATCH = 8


# Flags of `experiments.meta_train` for a run of the size of `make_config`.
FLAGS = {
  "hidden_channels": "8",
  "delta_channels": "4",
  "units": "6",
  "batch_size": "8",
  "slots": "2",
  "min_truncation": "1",
  "max_truncation": "2",
  "min_horizon": "3",
  "max_horizon": "4",
  "classes_per_task": "3",
  "examples_per_class": "3",
}


def make_rule_config(mixing="pooled", dtype="float32", **sizes):
  """Sizes of a rule of a few hundred meta-parameters."""
  fields = {
    "hidden_channels": 8,
    "delta_channels": 4,
    "top_channels": 4,
    "readout_channels": 2,
    "output_size": UNITS[-1],
  }
  return RuleConfig(mixing=mixing, dtype=dtype, **{**fields, **sizes})


def make_rule(config, seed=0):
  """Rule in which no meta-parameter is zero, not even initial zeros."""
  rule = UpdateRule(config, seed=seed)
  generator = np.random.default_rng([7, seed])
  for variable in rule.meta_parameters:
    variable.assign_add(generator.normal(0, 0.1, variable.shape))
  return rule


class Call(NamedTuple):
  """Arguments and result of one call of a group's step."""

  parameters: tf.Tensor
  slots: Slots
  truncation: Truncation
  result: Advance


def draw_problem(slots, steps, draws=1, units=UNITS, dtype="float64", seed=0):
  """Slots of different ages, and stacks for `steps` steps of each."""
  generator = np.random.default_rng(seed)
  weights = tf.nest.map_structure(
    lambda *each: 3 * tf.stack(each),
    *(initial_weights(INPUTS, units, (seed, t), dtype) for t in range(slots)),
  )
  clock = SlotClock(
    age=tf.range(slots, dtype=tf.int32) * 3,
    horizon=tf.range(slots, dtype=tf.int32) * 4 + 5,
  )

  def normal(*shape):
    return generator.normal(size=(*shape, INPUTS))

  def part():
    targets = np.repeat(np.eye(TASK_CLASSES), PER_CLASS, axis=0)
    shape = (steps, slots, draws, len(targets))
    # Classes differ in their means; otherwise nothing can be learned.
    inputs = normal(*shape) + targets @ normal(TASK_CLASSES)
    return inputs, np.broadcast_to(targets, (*shape, TASK_CLASSES))

  arrays = TruncationData(
    normal(steps, slots, BATCH), Episode(*part(), *part())
  )
  data = tf.nest.map_structure(lambda array: tf.constant(array, dtype), arrays)
  return InnerState(weights), clock, data


def make_parameters(rule, rates=(0.3, 0.1)):
  """`MetaParameters` of a rule and of knots of the inner learning rate."""
  log_rates = tf.constant(np.log(rates), rule.config.dtype)
  values = tuple(map(tf.convert_to_tensor, rule.meta_parameters))
  return MetaParameters(values, log_rates)


def make_vector(rule, rates=(0.3, 0.1)):
  """`make_parameters` as one vector."""
  return flatten_parameters(make_parameters(rule, rates))


def make_examples(per_class=20, separation=2.0, seed=0):
  """Float32 examples of classes that differ in their means."""
  generator = np.random.default_rng(seed)
  labels = np.repeat(np.arange(CLASSES), per_class).astype(np.int32)
  centers = separation * generator.normal(size=(CLASSES, INPUTS))
  inputs = centers[labels] + generator.normal(size=(len(labels), INPUTS))
  names = tuple(f"class_{k}" for k in range(CLASSES))
  return LabelledExamples(
    inputs.astype(np.float32), labels, names, (3, INPUTS // 3, 1)
  )


def make_tasks(*units, activation="relu", episodes=None, **fields):
  """Distribution of one data set with a bucket for every base model."""
  numbers = {
    "classes_per_task": TASK_CLASSES,
    "batch_size": BATCH,
    "support_per_class": PER_CLASS,
    "query_per_class": PER_CLASS,
  }
  config = EpisodeConfig(**{**numbers, **(episodes or {})})
  return TaskDistribution(
    sources=(DataSource("tiny"),),
    buckets=tuple(
      Bucket(each, activation, image_size=None, episodes=config)
      for each in units
    ),
    **fields,
  )


def make_config(
  mixing="pooled", dtype="float32", unroll=None, units=UNITS, **fields
):
  """Config of three slots and truncations of two to four steps."""
  own = {
    "tasks": make_tasks(units),
    "slots": 3,
    "min_truncation": 2,
    "min_horizon": 6,
    "max_horizon": 9,
    "inner_learning_rates": (0.2, 0.1),
    "learning_rate": 3e-3,
  }
  return MetaTrainConfig(
    rule=make_rule_config(mixing, dtype),
    unroll=dataclasses.replace(UnrollConfig(max_steps=4), **(unroll or {})),
    **{**own, **fields},
  )


def make_samplers(config, examples=None, use="meta_train"):
  """One sampler per bucket."""
  examples = make_examples() if examples is None else examples
  return tuple(
    TaskSampler(examples, bucket.episodes, config.seed, use)
    for bucket in config.tasks.buckets
  )


def make_trainer(config, examples=None, **options):
  """Trainer of a new rule."""
  rule = UpdateRule(config.rule, config.seed, config.term_coefficient)
  return MetaTrainer(rule, make_samplers(config, examples), config, **options)


def record(group):
  """Records the calls of a group's compiled step in `group.calls`."""
  group.calls = []

  def advance(*args):
    result = group._advance(*args)
    group.calls.append(Call(*args, result))
    return result

  group.compiled_step = advance


def make_recorder(config):
  """Trainer of a new rule that records the calls of its first group."""
  trainer = make_trainer(config)
  record(trainer.groups[0])
  trainer.calls = trainer.groups[0].calls
  return trainer


@contextlib.contextmanager
def eagerly():
  """Context without graphs: a few steps take less time than a graph.

  Trainers take all slots at once, as on an accelerator: one by one, eager
  operations on small arrays would take as many times as long.
  """
  tf.config.run_functions_eagerly(True)
  try:
    with mock.patch.object(
      distribution, "runs_on_cpus", lambda strategy: False
    ):
      yield
  finally:
    tf.config.run_functions_eagerly(False)


@contextlib.contextmanager
def tiny_data():
  """Context in which any data set is four classes of twelve inputs."""
  with mock.patch.object(
    loading, "load_examples", lambda *_, **__: make_examples()
  ):
    yield


def parsed_flags(without=(), **values):
  """Context of flags: `FLAGS` except some names, and the given ones."""
  flags.FLAGS.mark_as_parsed()
  kept = {name: text for name, text in FLAGS.items() if name not in without}
  texts = {name: str(value) for name, value in values.items()}
  return flagsaver.as_parsed(**{**kept, **texts})


def theta_of(trainer):
  """Values of the meta-parameters of a trainer's rule."""
  parameters = unflatten_parameters(trainer.config.rule, trainer.parameters())
  return [value.numpy() for value in parameters.rule]


def assert_all_equal(one, other):
  """Asserts that two structures of arrays are equal bit for bit."""
  for first, second in zip(
    tf.nest.flatten(one), tf.nest.flatten(other), strict=True
  ):
    np.testing.assert_array_equal(first, second)


def read_checkpoint(path):
  """Dictionary of all arrays of a checkpoint."""
  reader = tf.train.load_checkpoint(str(path))
  return {
    name: reader.get_tensor(name)
    for name in reader.get_variable_to_shape_map()
    if not name.startswith("_CHECKPOINTABLE")
  }
