# SPDX-License-Identifier: Apache-2.0
"""A base network as it stands after several numbers of inner steps."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from lurl_tf.evaluation import EvaluationConfig
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
    inner_steps: that it has behind it.
    weights: `LayerWeights` of every layer, bottom first.
  """

  inner_steps: int
  weights: tuple[LayerWeights, ...]

  def features(self, inputs: np.ndarray, activation: str) -> np.ndarray:
    """What the top layer makes of inputs, normalised as one batch.

    Args:
      inputs: `[b, i]`, uint8 or float32.
      activation: of the base network.

    Returns:
      `[b, u]`.
    """
    inputs = tf.constant(scale_to_unit(inputs), self.weights[0].kernel.dtype)
    return forward(self.weights, inputs, activation).features.numpy()


def take_snapshots(
  rule: LocalRule,
  train: LabelledExamples,
  config: EvaluationConfig,
  report: Callable[[int], None] | None = None,
) -> list[Snapshot]:
  """Trains one base network, whose inputs keep their order.

  Args:
    rule: the frozen rule.
    train: what it learns from, without the labels but for supervised rules.
    config: base network, rates and seed; its `inner_steps` are those of the
      snapshots.
    report: called now and then with the number of steps done.

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
