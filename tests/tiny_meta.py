# SPDX-License-Identifier: Apache-2.0
"""A meta-training problem so small that tests can afford many of them."""

import dataclasses

import numpy as np
import tensorflow as tf

from lurl_tf.layers.initial_weights import initial_weights
from lurl_tf.meta.train_config import MetaTrainConfig
from lurl_tf.meta.trainer import MetaTrainer
from lurl_tf.meta.unroll import (
  MetaParameters,
  SlotState,
  TruncationData,
  UnrollConfig,
)
from lurl_tf.rule.update_rule import UpdateRule
from lurl_tf.structures import Episode, LabelledExamples, RuleConfig
from lurl_tf.tasks.episodes import EpisodeConfig, TaskSampler

INPUTS, CLASSES, UNITS = 12, 4, (7, 6)


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
  """A rule all of whose meta-parameters matter, also those that start at 0."""
  rule = UpdateRule(config, seed=seed)
  generator = np.random.default_rng([7, seed])
  for variable in rule.meta_parameters:
    variable.assign_add(generator.normal(0, 0.1, variable.shape))
  return rule


def draw_problem(
  slots, steps, scored=None, draws=1, dtype="float64", seed=0, batch=8
):
  """Slots of different ages, and stacks for `steps` steps of each."""
  scored = steps if scored is None else scored
  generator = np.random.default_rng(seed)
  weights = tf.nest.map_structure(
    lambda *each: 3 * tf.stack(each),
    *(initial_weights(INPUTS, UNITS, (seed, t), dtype) for t in range(slots)),
  )
  state = SlotState(
    weights,
    age=tf.range(slots, dtype=tf.int32) * 3,
    horizon=tf.range(slots, dtype=tf.int32) * 4 + 5,
  )

  def normal(*shape):
    return generator.normal(size=(*shape, INPUTS))

  def part(per_class):
    size = per_class * CLASSES
    targets = np.repeat(np.eye(CLASSES), per_class, axis=0)
    shape = (scored, slots, draws, size)
    # Classes differ in their means, or else nothing can be learned.
    inputs = normal(*shape) + targets @ normal(CLASSES)
    return inputs, np.broadcast_to(targets, (*shape, CLASSES))

  arrays = TruncationData(
    normal(steps, slots, batch), Episode(*part(3), *part(2))
  )
  return state, tf.nest.map_structure(
    lambda array: tf.constant(array, dtype), arrays
  )


def make_parameters(rule, rates=(0.3, 0.1)):
  """What is meta-learned, of a rule and knots of the inner learning rate."""
  log_rates = tf.constant(np.log(rates), rule.config.dtype)
  values = tuple(map(tf.convert_to_tensor, rule.meta_parameters))
  return MetaParameters(values, log_rates)


def make_examples(per_class=20, separation=2.0, seed=0):
  """Classes that differ in their means, float32."""
  generator = np.random.default_rng(seed)
  labels = np.repeat(np.arange(CLASSES), per_class).astype(np.int32)
  centers = separation * generator.normal(size=(CLASSES, INPUTS))
  inputs = centers[labels] + generator.normal(size=(len(labels), INPUTS))
  names = tuple(f"class_{k}" for k in range(CLASSES))
  return LabelledExamples(
    inputs.astype(np.float32), labels, names, (3, INPUTS // 3, 1)
  )


def make_config(mixing="pooled", dtype="float32", unroll=None, **fields):
  """A run of three slots and truncations of two to four steps."""
  own = {
    "units": UNITS,
    "slots": 3,
    "min_truncation": 2,
    "min_horizon": 6,
    "max_horizon": 9,
    "inner_learning_rates": (0.2, 0.1),
  }
  return MetaTrainConfig(
    rule=make_rule_config(mixing, dtype),
    unroll=dataclasses.replace(UnrollConfig(max_steps=4), **(unroll or {})),
    episodes=EpisodeConfig(
      classes_per_task=3, batch_size=8, support_per_class=3, query_per_class=3
    ),
    **{**own, **fields},
  )


def make_trainer(config, examples=None, jit_compile=False):
  """A trainer of a new rule."""
  examples = make_examples() if examples is None else examples
  sampler = TaskSampler(examples, config.episodes, config.seed)
  rule = UpdateRule(config.rule, seed=config.seed)
  return MetaTrainer(rule, sampler, config, jit_compile=jit_compile)
