# SPDX-License-Identifier: Apache-2.0
"""Parts of the evaluation's protocol: checks, initial weights, training.

`lurl_tf.evaluation.comparison` puts them together.
"""

from collections.abc import Callable, Iterator, Mapping

import numpy as np
import tensorflow as tf

from lurl_tf import activations
from lurl_tf.evaluation.comparison_scores import RANDOM_INIT, RAW_INPUTS
from lurl_tf.evaluation.config import EvaluationConfig
from lurl_tf.evaluation.draws import (
  UnlabelledBatches,
  draw_permutations,
  draw_support,
)
from lurl_tf.evaluation.inner_training import InnerTraining
from lurl_tf.layers import initial_weights
from lurl_tf.random_numbers import Stream
from lurl_tf.rule.inner_step import Rule
from lurl_tf.rule.local_rule import LocalRule
from lurl_tf.structures import LabelledExamples, LayerWeights
from lurl_tf.tasks.examples import validate_examples

# Far from what meta-training counts its tasks with.


def check_evaluation(
  train: LabelledExamples,
  test: LabelledExamples,
  rules: Mapping[str, Rule],
  config: EvaluationConfig,
) -> None:
  """Checks data and rules before an evaluation.

  Args:
    train: Training split: unlabelled batches and support sets.
    test: Test split: the query set.
    rules: Rules by method; each a `LocalRule`, or any callable that
      `inner_step` takes.
    config: Configuration of the evaluation.

  Raises:
    ValueError: If the data are not finite, a class has too few examples, the
      batch is larger than the training split, or a rule does not fit the base
      network.
  """
  for examples in (train, test):
    validate_examples(examples)
    if not len(examples.labels):
      raise ValueError("Both splits must hold examples. Received: 0 examples")
  if train.inputs.shape[1] != test.inputs.shape[1]:
    raise ValueError(
      "Both splits must have inputs of one size. Received: "
      f"{train.inputs.shape[1]} and {test.inputs.shape[1]}"
    )
  if config.batch_size > len(train.inputs):
    raise ValueError(
      f"`batch_size` must not exceed the {len(train.inputs)} examples of the "
      f"training split. Received: batch_size={config.batch_size}"
    )
  draw_support(
    train, config.examples_per_class, config.label_draws, config.seed
  )
  activations.get(config.activation)
  for method, rule in rules.items():
    if method in (RAW_INPUTS, RANDOM_INIT):
      raise ValueError(
        f"This name is reserved. Received: rules with the key {method!r}"
      )
    if isinstance(rule, LocalRule):  # Other callables have nothing to check.
      _check_rule(method, rule, len(train.class_names), config)


def _check_rule(
  method: str, rule: LocalRule, num_classes: int, config: EvaluationConfig
) -> None:
  rule.check_output_size(config.units[-1])
  if rule.dtype not in (None, config.dtype):
    raise ValueError(
      f"`dtype` must be that of {method}, {rule.dtype!r}. "
      f"Received: dtype={config.dtype!r}"
    )
  if rule.needs_targets and num_classes > config.units[-1]:
    raise ValueError(
      f"The top layer must have a unit for each of {num_classes} classes, as "
      f"{method} is supervised. Received: units={config.units}"
    )
  rule.check_activation(config.activation)


def input_orders(input_size: int, config: EvaluationConfig) -> np.ndarray:
  """Returns the orders of the inputs, `[t, i]`, one per initial weights.

  Args:
    input_size: Number of inputs.
    config: Configuration of the evaluation.
  """
  count = config.initial_weights
  if config.permute_inputs:
    return draw_permutations(input_size, count, config.seed)
  return np.tile(np.arange(input_size), (count, 1))


def stacked_initial_weights(
  input_size: int, config: EvaluationConfig
) -> tuple[LayerWeights, ...]:
  """Draws the initial weights of all base networks.

  Args:
    input_size: Number of inputs.
    config: Configuration of the evaluation.

  Returns:
    `LayerWeights` of every layer, with a leading axis `t` of initial weights.
  """
  models = [
    initial_weights(
      input_size,
      config.units,
      seed=(config.seed, Stream.EVALUATION_WEIGHTS + index),
      dtype=config.dtype,
    )
    for index in range(config.initial_weights)
  ]
  return tf.nest.map_structure(lambda *each: tf.stack(each), *models)


def train_base_models(
  rule: Rule,
  train: LabelledExamples,
  permutations: np.ndarray,
  weights: tuple[LayerWeights, ...],
  config: EvaluationConfig,
  report: Callable[[int], None] | None = None,
) -> Iterator[tuple[int, tuple[LayerWeights, ...]]]:
  """Trains base networks with a frozen rule.

  Args:
    rule: A `LocalRule`, or any callable that `inner_step` takes.
    train: Training split. Only supervised rules use its labels.
    permutations: `[t, i]` orders of the inputs.
    weights: `LayerWeights` of every layer, with a leading axis `t` of initial
      weights.
    config: Configuration of the inner training.
    report: Callable that is called repeatedly with the number of steps done.

  Yields:
    Each of `config.inner_steps`, and the weights after that number of steps.
  """
  training = InnerTraining(
    rule,
    UnlabelledBatches(
      train.inputs, permutations, config.batch_size, config.seed
    ),
    config.learning_rates,
    config.horizon,
    config.activation,
    config.jit_compile,
    config.inner_optimizer,
    np.eye(len(train.class_names), dtype=np.float32)[train.labels],
  )
  first_step = 0
  for inner_steps in config.inner_steps:
    weights = training.advance(weights, first_step, inner_steps, report)
    first_step = inner_steps
    yield inner_steps, weights
