# SPDX-License-Identifier: Apache-2.0
"""Configuration and progress lines of the scripts that evaluate a rule."""

from collections.abc import Sequence

from experiments.common.rule_choice import RuleChoice
from lurl_tf.evaluation import EvaluationConfig, Report, split_episodes
from lurl_tf.meta.runs.progress import Progress


def make_config(
  choice: RuleChoice,
  examples_per_class: int = 10,
  inner_steps: Sequence[int] | None = None,
  episodes: int = 20,
  units: Sequence[int] | None = None,
  activation: str | None = None,
  batch_size: int | None = None,
  seed: int = 0,
  inner_learning_rate: float | None = None,
  label_draws: int | None = None,
) -> EvaluationConfig:
  """Returns the configuration of an evaluation.

  Arguments that are None are taken from the metadata of the rule.

  Args:
    choice: The rule.
    examples_per_class: Number of labelled examples per class.
    inner_steps: Numbers of inner steps, in any order.
    episodes: Initial weights times label draws, see `split_episodes`.
    units: Units of the base network's layers, bottom first.
    activation: Activation of the base network.
    batch_size: Unlabelled examples per inner step.
    seed: Integer seed of all draws.
    inner_learning_rate: Constant learning rate of the inner steps.
    label_draws: Number of label draws; None for that of `split_episodes`.

  Returns:
    An `EvaluationConfig`.

  Raises:
    ValueError: If a value is out of range.
  """
  if label_draws is None:
    initial_weights, label_draws = split_episodes(episodes)
  elif label_draws < 1 or episodes % label_draws:
    raise ValueError(
      "`episodes` must be a multiple of `label_draws`. Received: "
      f"episodes={episodes}, label_draws={label_draws}"
    )
  else:
    initial_weights = episodes // label_draws
  changes = {"activation": activation, "batch_size": batch_size}
  if units:
    changes["units"] = tuple(units)
  if inner_steps:
    changes["inner_steps"] = tuple(sorted(set(inner_steps)))
  if inner_learning_rate is not None:
    changes["learning_rates"] = (inner_learning_rate,)
  return EvaluationConfig.from_metadata(
    choice.metadata,
    examples_per_class=examples_per_class,
    initial_weights=initial_weights,
    label_draws=label_draws,
    seed=seed,
    dtype=choice.dtype,
    **{key: value for key, value in changes.items() if value is not None},
  )


def progress_report() -> Report:
  """Returns a callable that prints progress lines, a series per stage."""
  stage, progress = None, None

  def report(method: str, unit: str, done: int, total: int) -> None:
    nonlocal stage, progress
    if stage != (method, unit):
      stage, progress = (method, unit), Progress(total, unit, label=method)
    progress.update(done)

  return report
