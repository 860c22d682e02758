# SPDX-License-Identifier: Apache-2.0
"""The engine of all evaluations: rules and baselines on the same draws.

Unlabelled batches and labelled support examples come from the training split;
the query set is the whole test split. Initial weights are crossed with label
draws, and every set of initial weights has its own order of inputs. For a
baseline, a seed takes the place of the initial weights.
"""

import dataclasses
import functools
import time
from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from lurl_tf.baselines import (
  AnyBaseline,
  Baseline,
  LabelledBaseline,
  TaskBaseline,
)
from lurl_tf.evaluation.comparison_scores import RANDOM_INIT, Score
from lurl_tf.evaluation.config import EvaluationConfig, Report
from lurl_tf.evaluation.draws import draw_support
from lurl_tf.evaluation.method_scorer import MethodScorer
from lurl_tf.evaluation.protocol import (
  check_evaluation,
  input_orders,
  stacked_initial_weights,
  train_base_models,
)
from lurl_tf.features import Classifier, Features
from lurl_tf.layers import forward
from lurl_tf.random_numbers import Stream
from lurl_tf.readouts import COMPARED_READOUTS, Readout
from lurl_tf.rule.inner_step import Rule
from lurl_tf.structures import LabelledExamples, LayerWeights
from lurl_tf.tasks.episodes import TaskSampler
from lurl_tf.tasks.examples import scale_to_unit


class ComparedRule(NamedTuple):
  """Rule and its inner training.

  Attributes:
    rule: A `LocalRule`, or any callable that `inner_step` takes.
    config: Configuration whose inner steps, learning rates, optimizer and
      batch size are used. Its base network and draws are not used.
  """

  rule: Rule
  config: EvaluationConfig


class Comparison:
  """Scores methods one after the other on the same draws.

  Attributes:
    orders: `[t, i]` orders of the inputs, one per set of initial weights.

  Args:
    train: Training split: unlabelled examples and support sets.
    test: Test split: the query set.
    config: Base network, initial weights, label draws and seed.
    examples_per_class: Numbers of labelled examples per class; None for that
      of `config`.
    report: Callable that reports progress.
    readouts: Read-outs by name.
    all_layers: Whether the features of all layers side by side are scored, too.

  Raises:
    ValueError: If the data are not finite, or a class has too few examples.
  """

  def __init__(
    self,
    train: LabelledExamples,
    test: LabelledExamples,
    config: EvaluationConfig,
    examples_per_class: tuple[int, ...] | None = None,
    report: Report | None = None,
    readouts: Mapping[str, Readout] = COMPARED_READOUTS,
    all_layers: bool = True,
  ):
    self._train, self._test, self._config = train, test, config
    self._report = report or (lambda *_: None)
    self._readouts, self._all_layers = readouts, all_layers
    self._support_rows = {}
    for per_class in examples_per_class or (config.examples_per_class,):
      own = dataclasses.replace(config, examples_per_class=per_class)
      check_evaluation(train, test, {}, own)
      self._support_rows[per_class] = draw_support(
        train, per_class, config.label_draws, config.seed
      )
    self.orders = input_orders(train.inputs.shape[1], config)
    self._layers_of = tf.function(
      lambda weights, inputs: (
        forward(weights, inputs, config.activation).post_activations
      ),
      reduce_retracing=True,
    )

  def check_rules(self, rules: Mapping[str, ComparedRule]) -> None:
    """Raises an error if a rule does not fit the base network.

    Args:
      rules: Rules by method.

    Raises:
      ValueError: If a rule does not fit.
    """
    for method, compared in rules.items():
      config = dataclasses.replace(
        self._inner_training(compared),
        examples_per_class=min(self._support_rows),
      )
      check_evaluation(self._train, self._test, {method: compared.rule}, config)

  def score(
    self,
    method: str,
    subject: ComparedRule | AnyBaseline | None,
    sampler: TaskSampler | None = None,
  ) -> tuple[Score, ...]:
    """Fits and scores one method of any kind.

    Args:
      method: Name of the method.
      subject: A rule or a baseline; None for the network with its initial
        weights.
      sampler: Sampler of the tasks that a `TaskBaseline` learns from.

    Returns:
      Scores by number of inner steps, number of labels, layers and read-out.
    """
    if subject is None:
      return self.random_init(method)
    if isinstance(subject, ComparedRule):
      return self.rule(method, subject)
    return self.baseline(method, subject, sampler)

  def random_init(self, method: str = RANDOM_INIT) -> tuple[Score, ...]:
    """Scores the base network with its initial weights.

    Args:
      method: Name in the scores.

    Returns:
      Scores by number of labels, layers and read-out.
    """
    began = time.monotonic()
    weights = self._initial_weights()
    return self._score_networks(method, weights, time.monotonic() - began, 0)

  def rule(self, method: str, compared: ComparedRule) -> tuple[Score, ...]:
    """Trains base networks with a rule, and scores them.

    Args:
      method: Name of the rule.
      compared: The rule and its inner training.

    Returns:
      Scores by number of inner steps, number of labels, layers and read-out.
    """
    config = self._inner_training(compared)
    seconds, scores = 0.0, []
    began = time.monotonic()
    for inner_steps, weights in train_base_models(
      compared.rule,
      self._train,
      self.orders,
      self._initial_weights(),
      config,
      lambda step: self._report(
        method, "inner step", step, config.inner_steps[-1]
      ),
    ):
      seconds += time.monotonic() - began
      scores += self._score_networks(method, weights, seconds, inner_steps)
      began = time.monotonic()
    return tuple(scores)

  def baseline(
    self,
    method: str,
    baseline: AnyBaseline,
    sampler: TaskSampler | None = None,
  ) -> tuple[Score, ...]:
    """Fits a baseline for every seed, and scores it.

    Args:
      method: Name of the baseline.
      baseline: The baseline.
      sampler: Sampler of the tasks that a `TaskBaseline` learns from.

    Returns:
      Scores by number of labels, layers and read-out.
    """
    orders = self.orders
    if not baseline.is_random:
      # Without a seed, a permutation of the inputs changes nothing.
      orders = np.arange(orders.shape[1])[np.newaxis]
    is_labelled = isinstance(baseline, LabelledBaseline)
    scorer = self.scorer(
      method, len(orders), is_labelled and baseline.is_transductive
    )
    for index, order in enumerate(orders):
      if is_labelled:
        fit = functools.partial(
          self._fit_classifier, baseline, index, order, scorer
        )
        if baseline.needs_all_labels:
          fit = _always(fit(np.arange(len(self._train.labels))))
        scorer.score_classifier(index, fit, order)
        continue
      if isinstance(baseline, TaskBaseline) and not baseline.permute_inputs:
        order = np.arange(len(order))
      features = self._fit_features(baseline, index, order, scorer, sampler)
      self._report(method, "fit", index + 1, len(orders))
      scorer.score_features(index, features.layers, order)
    return scorer.scores()

  def scorer(
    self,
    method: str,
    fits: int,
    is_transductive: bool = False,
    inner_steps: int = 0,
  ) -> MethodScorer:
    """Returns the scorer of one method on these draws.

    Args:
      method: Name of the method.
      fits: Number of fits.
      is_transductive: Whether a fit sees the query inputs.
      inner_steps: Number of inner steps before scoring.
    """
    return MethodScorer(
      method,
      self._train,
      self._test,
      self._support_rows,
      fits,
      self._config.seed,
      self._report,
      is_transductive,
      self._readouts,
      self._all_layers,
      inner_steps,
    )

  def _fit_features(
    self,
    baseline: Baseline | TaskBaseline,
    index: int,
    order: np.ndarray,
    scorer: MethodScorer,
    sampler: TaskSampler | None,
  ) -> Features:
    began = time.monotonic()
    if isinstance(baseline, TaskBaseline):
      features = baseline.fit_tasks(sampler, fit_seed(self._config.seed, index))
    else:
      inputs = scale_to_unit(self._train.inputs[:, order])
      features = baseline.fit(inputs, fit_seed(self._config.seed, index))
    scorer.add_seconds(time.monotonic() - began)
    return features

  def _fit_classifier(
    self,
    baseline: LabelledBaseline,
    index: int,
    order: np.ndarray,
    scorer: MethodScorer,
    rows: np.ndarray,
  ) -> Classifier:
    began = time.monotonic()
    classifier = baseline.fit_labelled(
      scale_to_unit(self._train.inputs[rows][:, order]),
      self._train.labels[rows],
      len(self._train.class_names),
      fit_seed(self._config.seed, index),
    )
    scorer.add_seconds(time.monotonic() - began)
    return classifier

  def _score_networks(
    self,
    method: str,
    weights: tuple[LayerWeights, ...],
    seconds: float,
    inner_steps: int,
  ) -> tuple[Score, ...]:
    """Scores base networks whose weights have a leading axis `t`."""
    scorer = self.scorer(method, len(self.orders), inner_steps=inner_steps)
    for index, order in enumerate(self.orders):
      own = tuple(
        LayerWeights(*(weight[index] for weight in layer)) for layer in weights
      )
      scorer.add_seconds(seconds / len(self.orders))
      scorer.score_features(index, self._network_layers(own), order)
    return scorer.scores()

  def _network_layers(
    self, weights: tuple[LayerWeights, ...]
  ) -> Callable[[np.ndarray], tuple[np.ndarray, ...]]:
    def layers(inputs):
      inputs = tf.constant(inputs, weights[0].kernel.dtype)
      return tuple(layer.numpy() for layer in self._layers_of(weights, inputs))

    return layers

  def _initial_weights(self) -> tuple[LayerWeights, ...]:
    return stacked_initial_weights(self._train.inputs.shape[1], self._config)

  def _inner_training(self, compared: ComparedRule) -> EvaluationConfig:
    """The rule's own inner training of this comparison's networks."""
    own = self._config
    return dataclasses.replace(
      compared.config,
      units=own.units,
      activation=own.activation,
      initial_weights=own.initial_weights,
      label_draws=own.label_draws,
      seed=own.seed,
      dtype=own.dtype,
      permute_inputs=own.permute_inputs,
    )


def fit_seed(seed: int, index: int) -> int:
  """Returns the seed of one fit of a baseline.

  Args:
    seed: Integer seed of the evaluation.
    index: Index of the fit, in place of that of the initial weights.
  """
  rng = np.random.default_rng([seed, Stream.BASELINE_FIT, index])
  return int(rng.integers(2**31))


def _always(classifier: Classifier) -> Callable[[np.ndarray], Classifier]:
  """Returns one classifier for all label draws."""
  return lambda _: classifier
