# SPDX-License-Identifier: Apache-2.0
"""Rules and baselines on the same draws.

The protocol is that of `lurl_tf.evaluation.protocol`: unlabelled and labelled
examples come from the training split, the query set is the whole test split,
initial weights are crossed with label draws, and every set of initial weights
has its own order of inputs. A baseline's seed takes the place of the initial
weights.
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
  Classifier,
  Features,
  LabelledBaseline,
  TaskBaseline,
)
from lurl_tf.evaluation.comparison_scores import Score
from lurl_tf.evaluation.config import EvaluationConfig
from lurl_tf.evaluation.draws import draw_support
from lurl_tf.evaluation.episodes import Report
from lurl_tf.evaluation.method_scorer import MethodScorer
from lurl_tf.evaluation.protocol import (
  check_evaluation,
  input_orders,
  stacked_initial_weights,
  train_base_models,
)
from lurl_tf.evaluation.result import RANDOM_INIT
from lurl_tf.layers import forward
from lurl_tf.random_numbers import Stream
from lurl_tf.rule.inner_step import Rule
from lurl_tf.structures import LabelledExamples, LayerWeights
from lurl_tf.tasks.episodes import TaskSampler
from lurl_tf.tasks.examples import scale_to_unit


class ComparedRule(NamedTuple):
  """A rule, and how it is applied.

  Attributes:
    rule: a `LocalRule`, or any callable that `inner_step` takes.
    config: its inner training: steps (the last number counts), rates,
      optimizer, batch size. Its base network and draws are not used.
  """

  rule: Rule
  config: EvaluationConfig


class Comparison:
  """Scores methods one after the other on the same draws.

  Attributes:
    orders: `[t, i]`, of the inputs, for every set of initial weights.

  Args:
    train: the training split: unlabelled examples and support.
    test: the test split, all of which is the query set.
    config: base network, initial weights, label draws and seed.
    examples_per_class: numbers of labelled examples of a class.
    report: called as work proceeds.

  Raises:
    ValueError: if the data are not finite or a class has too few examples.
  """

  def __init__(
    self,
    train: LabelledExamples,
    test: LabelledExamples,
    config: EvaluationConfig,
    examples_per_class: tuple[int, ...],
    report: Report | None = None,
  ):
    for per_class in examples_per_class:
      check_evaluation(
        train,
        test,
        {},
        dataclasses.replace(config, examples_per_class=per_class),
      )
    self._train, self._test, self._config = train, test, config
    self._report = report or (lambda *_: None)
    self._support_rows = {
      per_class: draw_support(train, per_class, config.label_draws, config.seed)
      for per_class in examples_per_class
    }
    self.orders = input_orders(train.inputs.shape[1], config)

  def check_rules(self, rules: Mapping[str, ComparedRule]) -> None:
    """Raises an error if a rule does not fit the base network.

    Args:
      rules: by method.

    Raises:
      ValueError: if one does not.
    """
    for method, compared in rules.items():
      config = self._of_rule(compared)
      per_class = min(self._support_rows)
      check_evaluation(
        self._train,
        self._test,
        {method: compared.rule},
        dataclasses.replace(config, examples_per_class=per_class),
      )

  def random_init(self) -> tuple[Score, ...]:
    """Scores the base network with its initial weights."""
    began = time.monotonic()
    weights = self._initial_weights()
    seconds = time.monotonic() - began
    return self._score_networks(RANDOM_INIT, weights, seconds)

  def rule(self, method: str, compared: ComparedRule) -> tuple[Score, ...]:
    """Trains base networks by a rule, and scores them.

    Args:
      method: name of the rule.
      compared: the rule.

    Returns:
      A `Score` per number of labels, choice of layers and read-out.
    """
    config = self._of_rule(compared)
    (steps,) = config.inner_steps
    began = time.monotonic()
    ((_, weights),) = train_base_models(
      compared.rule,
      self._train,
      self.orders,
      self._initial_weights(),
      config,
      lambda step: self._report(method, "inner step", step, steps),
    )
    seconds = time.monotonic() - began
    return self._score_networks(method, weights, seconds)

  def baseline(
    self,
    method: str,
    baseline: AnyBaseline,
    sampler: TaskSampler | None = None,
  ) -> tuple[Score, ...]:
    """Fits a baseline for every seed, and scores it.

    Args:
      method: name of the baseline.
      baseline: the baseline.
      sampler: of the tasks that a `TaskBaseline` learns from.

    Returns:
      A `Score` per number of labels, choice of layers and read-out.
    """
    fits = self._config.initial_weights if baseline.is_random else 1
    is_labelled = isinstance(baseline, LabelledBaseline)
    scorer = self.scorer(method, fits, is_labelled and baseline.is_transductive)
    for index, order in enumerate(self.orders[:fits]):
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
      self._report(method, "fit", index + 1, fits)
      scorer.score_features(index, features.layers, order)
    return scorer.scores()

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
    self, method: str, weights: tuple[LayerWeights, ...], seconds: float
  ) -> tuple[Score, ...]:
    """Base networks with a leading axis of initial weights."""
    config = self._config
    scorer = self.scorer(method, config.initial_weights)

    @tf.function(reduce_retracing=True)
    def layers_of(weights, inputs):
      return forward(weights, inputs, config.activation).post_activations

    for index, order in enumerate(self.orders):
      own = tuple(
        LayerWeights(*(weight[index] for weight in layer)) for layer in weights
      )
      scorer.add_seconds(seconds / config.initial_weights)
      scorer.score_features(index, _network_layers(layers_of, own), order)
    return scorer.scores()

  def scorer(
    self, method: str, fits: int, is_transductive: bool = False
  ) -> MethodScorer:
    """Scores what a method makes of these draws, fit by fit.

    Args:
      method: its name.
      fits: how many there will be.
      is_transductive: whether a fit sees the query set's inputs.
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
    )

  def _initial_weights(self) -> tuple[LayerWeights, ...]:
    return stacked_initial_weights(self._train.inputs.shape[1], self._config)

  def _of_rule(self, compared: ComparedRule) -> EvaluationConfig:
    """The rule's inner training of this comparison's networks."""
    own = self._config
    return dataclasses.replace(
      compared.config,
      inner_steps=compared.config.inner_steps[-1:],
      units=own.units,
      activation=own.activation,
      initial_weights=own.initial_weights,
      label_draws=own.label_draws,
      seed=own.seed,
      dtype=own.dtype,
    )


def fit_seed(seed: int, index: int) -> int:
  """The seed of one of a baseline's fits.

  Args:
    seed: of the evaluation.
    index: of the fit, in the place of a set of initial weights.
  """
  rng = np.random.default_rng([seed, Stream.BASELINE_FIT, index])
  return int(rng.integers(2**31))


def _network_layers(
  layers_of: Callable, weights: tuple[LayerWeights, ...]
) -> Callable[[np.ndarray], tuple[np.ndarray, ...]]:
  def layers(inputs):
    inputs = tf.constant(inputs, weights[0].kernel.dtype)
    return tuple(layer.numpy() for layer in layers_of(weights, inputs))

  return layers


def _always(classifier: Classifier) -> Callable[[np.ndarray], Classifier]:
  """Whatever the labels given: of a method that has them all."""
  return lambda _: classifier
