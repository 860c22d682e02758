# SPDX-License-Identifier: Apache-2.0
"""Histograms, pictures and features of a rule while it is meta-trained."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from experiments.evaluation.confusion_matrix import few_shot_picture
from experiments.inspection.mixture_weights import mixture_weights
from experiments.inspection.receptive_fields import receptive_field_grid
from lurl_tf.evaluation import EvaluationConfig
from lurl_tf.evaluation.draws import draw_support
from lurl_tf.evaluation.snapshots import take_snapshots
from lurl_tf.meta import Callback, MetaTrainConfig, RunState
from lurl_tf.rule import UpdateRule
from lurl_tf.structures import LabelledExamples
from lurl_tf.summaries import SummaryWriter
from lurl_tf.tasks import TaskSampler

_MOST_POINTS = 500
_ENLARGED = 4


def write_parameters(
  writer: SummaryWriter,
  step: int,
  rule: UpdateRule,
  inner_learning_rates: Sequence[float],
) -> None:
  """Writes histograms of theta, the mixture weights and the inner rates.

  Args:
    writer: `SummaryWriter` of the run.
    step: Integer number of outer steps done.
    rule: `UpdateRule` with the current meta-parameters.
    inner_learning_rates: Current knots of the inner learning rate.
  """
  names = rule.meta_parameter_names
  writer.histograms(
    step,
    {
      f"theta/{name}": variable.numpy()
      for name, variable in zip(names, rule.meta_parameters)
    },
  )
  scalars = {
    f"mixture_weights/{name}": weight
    for name, weight in mixture_weights(rule).items()
  }
  for knot, rate in enumerate(inner_learning_rates):
    scalars[f"inner_learning_rate/{knot}"] = rate
  writer.scalars(step, scalars)


class RuleSummaries(Callback):
  """Writes summaries of the rule at every checkpoint.

  Args:
    show_inner_training: Whether to train a base network and show it, see
      `InnerTrainingView`.
  """

  def __init__(self, show_inner_training: bool = False):
    self._show_inner_training = show_inner_training
    self._view: InnerTrainingView | None = None

  def on_begin(
    self, config: MetaTrainConfig, samplers: Sequence[TaskSampler]
  ) -> None:
    """See `Callback`."""
    if self._show_inner_training:
      examples = samplers[0].data_sets[0].usable_examples()
      self._view = InnerTrainingView(examples, config)

  def on_checkpoint(self, state: RunState) -> None:
    """See `Callback`."""
    if state.writer is None:
      return
    now = state.writer, state.step, state.rule, state.inner_learning_rates
    write_parameters(*now)
    if self._view is not None:
      self._view.write(*now)


class InnerTrainingView:
  """Trains one base network with the rule, the same one every time.

  Args:
    examples: `LabelledExamples` that the network is trained on and its features
      are computed of, from the meta-training split.
    config: `MetaTrainConfig` of the run; the network is that of its first
      bucket.
  """

  def __init__(self, examples: LabelledExamples, config: MetaTrainConfig):
    self._examples, self._config = examples, config
    generator = np.random.default_rng(config.seed)
    order = generator.permutation(len(examples.labels))
    self._rows = order[:_MOST_POINTS]
    per_class = config.tasks.buckets[0].episodes.support_per_class
    (support,) = draw_support(examples, per_class, 1, config.seed)
    query = order[~np.isin(order, support)][:_MOST_POINTS]
    self._support, self._query = examples.take(support), examples.take(query)

  def write(
    self,
    writer: SummaryWriter,
    step: int,
    rule: UpdateRule,
    inner_learning_rates: Sequence[float],
  ) -> None:
    """Trains the network, and writes updates, pictures and features.

    Args:
      writer: `SummaryWriter` of the run.
      step: Integer number of outer steps done.
      rule: `UpdateRule` with the current meta-parameters.
      inner_learning_rates: Current knots of the inner learning rate.
    """
    horizon = self._config.max_horizon
    bucket = self._config.tasks.buckets[0]
    snapshots = take_snapshots(
      rule,
      self._examples,
      EvaluationConfig(
        units=bucket.units,
        activation=bucket.activation,
        batch_size=bucket.episodes.batch_size,
        inner_steps=tuple(sorted({0, 1, horizon - 1, horizon})),
        learning_rates=tuple(inner_learning_rates),
        horizon=horizon,
        initial_weights=1,
        dtype=self._config.rule.dtype,
        inner_optimizer=self._config.inner_optimizer,
      ),
    )
    for name, before, after in (
      ("first_step", *snapshots[:2]),
      ("last_step", *snapshots[-2:]),
    ):
      sizes = relative_updates(before.weights, after.weights)
      writer.scalars(
        step,
        {
          f"inner_update_{name}/layer_{layer}": size
          for layer, size in enumerate(sizes)
        },
      )
    trained = snapshots[-1]
    image_shape = self._examples.image_shape
    if len(image_shape) == 3:
      grid = receptive_field_grid(
        trained.weights[0].kernel.numpy(), image_shape
      )
      grid = grid.repeat(_ENLARGED, axis=0).repeat(_ENLARGED, axis=1)
      writer.image(step, "receptive_fields", grid)
    confusion = few_shot_picture(
      self._support, self._query, trained, bucket.activation
    )
    writer.image(step, "few_shot_confusion", confusion)
    features = trained.features(
      self._examples.inputs[self._rows], bucket.activation
    )
    labels = self._examples.labels[self._rows]
    writer.embedding(
      "features",
      np.nan_to_num(features),
      [self._examples.class_names[label] for label in labels],
    )


def relative_updates(
  before: Sequence[Any], after: Sequence[Any]
) -> list[float]:
  """Divides the norm of each kernel's change by the kernel's norm.

  Args:
    before: `LayerWeights` of every layer, bottom first.
    after: `LayerWeights` of the same layers after some inner steps.

  Returns:
    List of a number per layer.
  """
  return [
    float(
      np.linalg.norm(new.kernel - old.kernel)
      / np.maximum(np.linalg.norm(old.kernel), 1e-12)
    )
    for old, new in zip(before, after)
  ]
