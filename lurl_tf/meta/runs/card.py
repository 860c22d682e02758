# SPDX-License-Identifier: Apache-2.0
"""Metadata of a run's rule: its model card."""

from collections.abc import Iterable, Sequence

import numpy as np

from lurl_tf import presets
from lurl_tf.meta.train_config import MetaTrainConfig
from lurl_tf.presets.storage import checksum
from lurl_tf.rule.learned.update_rule import UpdateRule
from lurl_tf.tasks.episodes import TaskSampler

# Longer curves lose every other point.
_MOST_POINTS = 200


def rule_metadata(
  config: MetaTrainConfig,
  sampler: TaskSampler,
  tasks_name: str,
  command: str = "",
  initial_rule: UpdateRule | None = None,
) -> presets.PresetMetadata:
  """Metadata of a run's rule that are known before the first step.

  Args:
    config: `MetaTrainConfig` of the run.
    sampler: `TaskSampler` of the first bucket.
    tasks_name: Name of the task distribution.
    command: Command line of the run.
    initial_rule: `UpdateRule` that the run starts from; None for random
      meta-parameters.
  """
  bucket, image_shape = config.tasks.buckets[0], sampler.image_shape
  size = ""
  if len(image_shape) == 3:
    size = f" of {' x '.join(map(str, image_shape[:2]))} pixels"
  return presets.PresetMetadata(
    command=command,
    initial_rule=initial_rule and rule_checksum(initial_rule),
    tasks=tasks_name,
    seed=config.seed,
    units=bucket.units,
    activation=bucket.activation,
    batch_size=bucket.episodes.batch_size,
    image_size=image_shape[0] if len(image_shape) == 3 else None,
    inner_steps=config.max_horizon,
    inner_optimizer=config.inner_optimizer.to_text(),
    good_for=(
      f"features, learned without labels, of inputs like those of the tasks "
      f"{tasks_name or 'above'}{size}, in base networks and inner trainings "
      "like those above"
    ),
    not_for=(
      "inputs, base networks or inner trainings of other kinds, until it was "
      "evaluated on them (python -m experiments.evaluate)"
    ),
  )


def rule_checksum(rule: UpdateRule) -> str:
  """SHA-256 of a rule's meta-parameters, as in the metadata of its preset."""
  return checksum(
    {
      name: variable.numpy()
      for name, variable in zip(rule.meta_parameter_names, rule.meta_parameters)
    }
  )


class CardCurve:
  """A curve of a run for its model card.

  Args:
    earlier: `Score`s of earlier sessions of the run.
    step: Integer number of outer steps done; later points are dropped.
  """

  def __init__(self, earlier: Iterable[presets.Score] = (), step: int = 0):
    self._points = [score for score in earlier if score.step <= step]

  @property
  def points(self) -> tuple[presets.Score, ...]:
    """`Score`s, ascending in steps."""
    return tuple(self._points)

  def add(
    self, step: int, losses: Sequence[float], accuracies: Sequence[float]
  ) -> None:
    """Adds a point, unless a mean is not finite.

    Args:
      step: Integer number of outer steps done.
      losses: Losses since the point before; the point has their mean.
      accuracies: Accuracies since the point before, in [0, 1].
    """
    if not losses:
      return
    loss, accuracy = float(np.mean(losses)), float(np.mean(accuracies))
    if not np.isfinite([loss, accuracy]).all():
      return
    self._points.append(presets.Score(step, round(loss, 4), round(accuracy, 4)))
    if len(self._points) > _MOST_POINTS:
      del self._points[-2::-2]
