# SPDX-License-Identifier: Apache-2.0
"""What TensorBoard shows of a rule while it is meta-trained, beside metrics."""

import json
import os
from collections.abc import Sequence
from typing import Any

import numpy as np

from experiments.evaluation.confusion_matrix import few_shot_picture
from experiments.inspection.mixture_weights import mixture_weights
from experiments.inspection.receptive_fields import receptive_field_grid
from lurl_tf.evaluation import EvaluationConfig
from lurl_tf.evaluation.draws import draw_support
from lurl_tf.evaluation.snapshots import take_snapshots
from lurl_tf.meta import MetaTrainConfig
from lurl_tf.rule import UpdateRule
from lurl_tf.structures import LabelledExamples
from lurl_tf.summaries import SummaryWriter

_METRICS = (
  "meta/loss",
  "meta/accuracy",
  "validation/loss",
  "validation/accuracy",
)
_MOST_POINTS = 500
_ENLARGED = 4


def write_hyper_parameters(
  writer: SummaryWriter,
  config: MetaTrainConfig,
  tasks_name: str,
  logdir: str,
) -> None:
  """Puts the fields of a run into HParams; lists are JSON there.

  Args:
    writer: of the run.
    config: of the run.
    tasks_name: what the task distribution is called; it stands for its fields.
    logdir: the run's folder.
  """
  fields = {**config.to_json(), "tasks": tasks_name}
  folder, name = os.path.split(os.path.normpath(logdir))
  run_name = f"{name} in {folder or '.'}"
  writer.hyper_parameters(_flattened(fields), _METRICS, run_name)


def write_parameters(
  writer: SummaryWriter,
  step: int,
  rule: UpdateRule,
  inner_learning_rates: Sequence[float],
) -> None:
  """Adds histograms of theta, and what can be read off it by name.

  Args:
    writer: of the run.
    step: outer steps done.
    rule: as it stands.
    inner_learning_rates: knots as they stand.
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


class InnerTrainingView:
  """Shows what a rule makes of one base network, the same one every time.

  Args:
    examples: what the network learns from, and its features are taken of; of
      the data that the rule is meta-trained on.
    config: of the run; the network is that of its first bucket.
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
    """Trains the network; writes updates, pictures and features.

    Args:
      writer: of the run.
      step: outer steps done.
      rule: as it stands.
      inner_learning_rates: knots as they stand.
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
  """The norm of each kernel's change, as a share of the kernel's norm.

  Args:
    before: `LayerWeights` of every layer, bottom first.
    after: the same, later.

  Returns:
    A number per layer.
  """
  return [
    float(
      np.linalg.norm(new.kernel - old.kernel)
      / np.maximum(np.linalg.norm(old.kernel), 1e-12)
    )
    for old, new in zip(before, after)
  ]


def _flattened(
  fields: dict[str, Any], prefix: str = ""
) -> dict[str, bool | float | int | str]:
  """Fields of fields as `name.name`; what is no plain value as JSON."""
  flat = {}
  for name, value in fields.items():
    if isinstance(value, dict):
      flat.update(_flattened(value, f"{prefix}{name}."))
    elif isinstance(value, bool | float | int | str):
      flat[f"{prefix}{name}"] = value
    else:
      flat[f"{prefix}{name}"] = json.dumps(value)
  return flat
