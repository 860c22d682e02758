# SPDX-License-Identifier: Apache-2.0
"""Snapshots of a base network along its inner training."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from lurl_tf.evaluation.config import EvaluationConfig
from lurl_tf.evaluation.protocol import (
  stacked_initial_weights,
  train_base_models,
)
from lurl_tf.layers import forward
from lurl_tf.rule.local_rule import LocalRule
from lurl_tf.structures import LabelledExamples, LayerWeights
from lurl_tf.tasks import scale_to_unit


class Snapshot(NamedTuple):
  """A base network after some inner steps.

  Attributes:
    inner_steps: Number of inner steps.
    weights: `LayerWeights` of every layer, bottom first.
  """

  inner_steps: int
  weights: tuple[LayerWeights, ...]

  def features(self, inputs: np.ndarray, activation: str) -> np.ndarray:
    """Computes the features of the top layer, normalised as one batch.

    Args:
      inputs: `[b, i]` inputs, uint8 or float32.
      activation: Activation of the base network.

    Returns:
      `[b, u]` features.
    """
    inputs = tf.constant(scale_to_unit(inputs), self.weights[0].kernel.dtype)
    return forward(self.weights, inputs, activation).features.numpy()


def take_snapshots(
  rule: LocalRule,
  train: LabelledExamples,
  config: EvaluationConfig,
  report: Callable[[int], None] | None = None,
) -> list[Snapshot]:
  """Trains one base network on inputs that are not permuted.

  Args:
    rule: Frozen rule.
    train: Training split. Only supervised rules use its labels.
    config: Base network, learning rates and seed; its `inner_steps` are those
      of the snapshots.
    report: Callable that is called repeatedly with the number of steps done.

  Returns:
    A `Snapshot` for each of `config.inner_steps`.
  """
  input_size = train.inputs.shape[1]
  # The first initial weights of an evaluation with this seed.
  weights = tf.nest.map_structure(
    lambda array: array[:1], stacked_initial_weights(input_size, config)
  )
  order = np.arange(input_size)[np.newaxis]
  return [
    Snapshot(step, tf.nest.map_structure(lambda array: array[0], trained))
    for step, trained in train_base_models(
      rule, train, order, weights, config, report
    )
  ]
