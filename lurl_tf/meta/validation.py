# SPDX-License-Identifier: Apache-2.0
"""Validation: the score of a rule on held-out tasks during meta-training."""

import dataclasses
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from lurl_tf.meta.inner.automatic import resolve_unroll
from lurl_tf.meta.inner.plain_graphs import plain_graphs
from lurl_tf.meta.inner.state import SlotClock
from lurl_tf.meta.inner.truncated_task import TruncatedTask
from lurl_tf.meta.inner.variation import vary_truncation
from lurl_tf.meta.metrics import UnrollMetrics
from lurl_tf.meta.slots.draw import draw_truncation
from lurl_tf.meta.strategy import runs_on_cpus
from lurl_tf.meta.train_config import MetaTrainConfig, check_samplers
from lurl_tf.random_numbers import Stream
from lurl_tf.tasks.augmentation.config import AugmentationConfig
from lurl_tf.tasks.data_use import check_may_choose
from lurl_tf.tasks.episodes import TaskSampler

# Seed of the held-out tasks of all runs, so that their scores can be compared.
VALIDATION_SEED = 0


class ValidationScore(NamedTuple):
  """Score of a rule on tasks of held-out classes and fonts.

  Attributes:
    loss: Meta-objective at the end of an inner training.
    accuracy: Accuracy of the read-out on query sets, in [0, 1].
  """

  loss: float
  accuracy: float


class Validation:
  """Whole inner trainings on held-out tasks, the same tasks every time.

  Every bucket contributes `rounds * config.slots` tasks. Each is trained from
  fresh weights for `config.max_horizon` inner steps; inputs are permuted but
  not augmented.

  Args:
    samplers: `TaskSampler` of every bucket of `config.tasks`, of the use
      `"meta_validation"`.
    config: Configuration of the meta-training. Its "auto" values are resolved
      for the default device.
    rounds: Number of batches of tasks.
    jit_compile: Whether the inner training is compiled with XLA; never with the
      compiler `"graph"`.

  Raises:
    ValueError: If the data of a sampler must not decide anything, the samplers
      do not fit the config, or `rounds` is not positive.
  """

  def __init__(
    self,
    samplers: Sequence[TaskSampler],
    config: MetaTrainConfig,
    rounds: int = 4,
    jit_compile: bool = True,
  ):
    for sampler in samplers:
      check_may_choose(sampler.use)
    check_samplers(samplers, config)
    if rounds < 1:
      raise ValueError(f"`rounds` must be positive. Received: rounds={rounds}")
    self._config, self._rounds = config, rounds
    steps = config.max_horizon
    # Validation runs in this process, on its default device.
    on_cpu = runs_on_cpus(tf.distribute.get_strategy())
    unroll = dataclasses.replace(
      resolve_unroll(config, on_cpu),
      max_steps=steps,
      evaluate_every=steps,
      recompute="never",
    )
    self._buckets = []
    for sampler, bucket in zip(samplers, config.tasks.buckets):
      task = TruncatedTask(
        config.rule,
        unroll,
        sampler.input_size,
        bucket.units,
        bucket.activation,
        config.inner_optimizer,
      )
      inner_training = tf.function(
        self._inner_training(task, sampler.image_shape),
        jit_compile=jit_compile and not unroll.without_xla,
        autograph=False,
      )
      self._buckets.append((sampler, unroll, inner_training))

  @plain_graphs()
  def score(self, parameters: tf.Tensor) -> ValidationScore:
    """Scores meta-parameters, a mean over all tasks.

    Args:
      parameters: `[n]`, see `MetaTrainer.parameters`.

    Returns:
      `ValidationScore`.
    """
    config, metrics = self._config, []
    for index, (sampler, unroll, inner_training) in enumerate(self._buckets):
      for batch in range(self._rounds):
        data, variation = draw_truncation(
          sampler,
          unroll,
          config.rule.dtype,
          np.full(config.slots, batch),
          batch,
          index * config.slots,
        )
        seed = sampler.device_seed(Stream.FRESH_WEIGHTS, index, batch)
        metrics.append(
          inner_training(parameters, tf.constant(seed), data, variation)
        )
    return ValidationScore(
      loss=float(np.mean([each.loss for each in metrics])),
      accuracy=float(np.mean([each.accuracy for each in metrics])),
    )

  def _inner_training(self, task: TruncatedTask, image_shape: tuple[int, ...]):
    slots, steps = self._config.slots, task.config.max_steps

    def train(parameters, seed, data, variation) -> UnrollMetrics:
      data = vary_truncation(
        data, variation, image_shape, AugmentationConfig(), False
      )
      clock = SlotClock(tf.zeros([slots], tf.int32), tf.fill([slots], steps))
      return task.unroll(
        parameters, task.init(seed, slots), clock, data, tf.constant(steps)
      )[1]

    return train
