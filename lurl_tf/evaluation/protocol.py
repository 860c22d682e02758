# SPDX-License-Identifier: Apache-2.0
"""The protocol of an evaluation: a frozen rule beside what it must beat.

Unlabelled batches and labelled support examples come from the training split,
the query set is the whole test split. Initial weights are crossed with label
draws, and all methods see the same ones. Every set of initial weights has its
own permutation of the inputs. Support and query go through the base model as
one batch, normalised by its statistics, as in the released program (Metz et
al. 2019).
"""

from collections.abc import Callable, Iterator, Mapping

import numpy as np
import tensorflow as tf

from lurl_tf import activations
from lurl_tf.evaluation.config import EvaluationConfig
from lurl_tf.evaluation.draws import (
  UnlabelledBatches,
  draw_permutations,
  draw_support,
)
from lurl_tf.evaluation.episodes import Episodes, Report
from lurl_tf.evaluation.inner_training import InnerTraining
from lurl_tf.evaluation.result import (
  RANDOM_INIT,
  RAW_INPUTS,
  EvaluationResult,
  compare_methods,
)
from lurl_tf.layers import initial_weights
from lurl_tf.random_numbers import Stream
from lurl_tf.rule.inner_step import Rule
from lurl_tf.rule.local_rule import LocalRule
from lurl_tf.structures import LabelledExamples, LayerWeights
from lurl_tf.tasks.examples import validate_examples

# Far from what meta-training counts its tasks with.


def evaluate(
  train: LabelledExamples,
  test: LabelledExamples,
  rules: Mapping[str, Rule],
  config: EvaluationConfig | None = None,
  report: Report | None = None,
) -> EvaluationResult:
  """Scores raw inputs, random initial features, and what rules make of them.

  Args:
    train: the training split: unlabelled batches and support.
    test: the test split, all of which is the query set.
    rules: a rule per method, usually `"untrained_rule"` and `"learned_rule"`;
      a `LocalRule`, or any callable that `inner_step` takes. Supervised rules,
      and no others, see the labels of the batches too.
    config: how to evaluate.
    report: called as work proceeds.

  Returns:
    An `EvaluationResult`.

  Raises:
    ValueError: before anything is computed, if the data are not finite, a
      class has too few examples, the batch is larger than the training split,
      or a rule does not fit the base model.

  Example:

  ```python
  rule = lurl_tf.UpdateRule.from_preset("my_run")
  train, test = (
    lurl_tf.tasks.load_examples("lurl_digits", split)
    for split in ("train", "test")
  )
  config = EvaluationConfig(units=(64, 32), inner_steps=(100,), horizon=100)
  result = evaluate(train, test, {"learned_rule": rule}, config)
  print(result.row("learned_rule", "ridge_loo", 100).accuracy_mean)
  ```
  """
  config = config or EvaluationConfig()
  report = report or (lambda *_: None)
  check_evaluation(train, test, rules, config)
  support_rows = draw_support(
    train, config.examples_per_class, config.label_draws, config.seed
  )
  permutations = input_orders(train.inputs.shape[1], config)
  episodes = Episodes(train, test, support_rows, permutations, config)
  weights = stacked_initial_weights(train.inputs.shape[1], config)
  scores = {
    (RAW_INPUTS, 0): episodes.score_raw_inputs(report),
    (RANDOM_INIT, 0): episodes.score(RANDOM_INIT, weights, report),
  }
  for method, rule in rules.items():
    for inner_steps, trained in train_base_models(
      rule,
      train,
      permutations,
      weights,
      config,
      lambda step, method=method: report(
        method, "inner step", step, config.inner_steps[-1]
      ),
    ):
      scores[method, inner_steps] = episodes.score(method, trained, report)
  return EvaluationResult(config, tuple(compare_methods(scores, config)))


def check_evaluation(
  train: LabelledExamples,
  test: LabelledExamples,
  rules: Mapping[str, Rule],
  config: EvaluationConfig,
) -> None:
  """Raises the errors of `evaluate`, and computes nothing."""
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
        f"This name is taken. Received: rules with the key {method!r}"
      )
    if isinstance(rule, LocalRule):  # of any other callable nothing is known
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
  """Orders of the inputs, `[t, i]`, one per set of initial weights."""
  count = config.initial_weights
  if config.permute_inputs:
    return draw_permutations(input_size, count, config.seed)
  return np.tile(np.arange(input_size), (count, 1))


def stacked_initial_weights(
  input_size: int, config: EvaluationConfig
) -> tuple[LayerWeights, ...]:
  """Weights of all base models, stacked along a leading axis."""
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
  """Applies a frozen rule to base models, and stops where they are looked at.

  Args:
    rule: a `LocalRule`, or any callable that `inner_step` takes.
    train: the training split; its labels are for supervised rules alone.
    permutations: `[t, i]` orders of the inputs.
    weights: `LayerWeights` of every layer with a leading axis of initial
      weights, `t`.
    config: of the inner training.
    report: called now and then with the number of steps done.

  Yields:
    Each of `config.inner_steps` with the weights after so many steps.
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
