# SPDX-License-Identifier: Apache-2.0
"""How scripts evaluate a rule that was chosen: its own settings, progress."""

from collections.abc import Sequence

from experiments.common.progress import Progress
from experiments.common.rule_choice import RuleChoice
from lurl_tf.evaluation import EvaluationConfig, Report, split_episodes
from lurl_tf.optimizers import InnerOptimizerConfig

# XLA takes about 10 seconds to compile an inner step, and then saves up to
# half of its time.
_STEPS_WORTH_COMPILING = 500


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
  """The evaluation asked for; what is None is the rule's own.

  Args:
    choice: the rule.
    examples_per_class: labelled examples of a class.
    inner_steps: numbers of inner steps, in any order.
    episodes: initial weights times label draws, see `split_episodes`.
    units: units of the base model's layers, bottom first.
    activation: of the base model.
    batch_size: unlabelled examples of an inner step.
    seed: of all draws.
    inner_learning_rate: of all inner steps.
    label_draws: of the episodes; None: see `split_episodes`.

  Returns:
    An `EvaluationConfig`.

  Raises:
    ValueError: if a number is out of range.
  """
  metadata = choice.metadata
  steps = tuple(sorted(set(inner_steps or [metadata.inner_steps])))
  if label_draws is None:
    initial_weights, label_draws = split_episodes(episodes)
  elif label_draws < 1 or episodes % label_draws:
    raise ValueError(
      "`episodes` must be a multiple of `label_draws`. Received: "
      f"episodes={episodes}, label_draws={label_draws}"
    )
  else:
    initial_weights = episodes // label_draws
  return EvaluationConfig(
    units=tuple(units or metadata.units),
    activation=activation or metadata.activation,
    batch_size=batch_size or metadata.batch_size,
    inner_steps=steps,
    learning_rates=metadata.inner_learning_rates
    if inner_learning_rate is None
    else (inner_learning_rate,),
    horizon=metadata.inner_steps,
    examples_per_class=examples_per_class,
    initial_weights=initial_weights,
    label_draws=label_draws,
    seed=seed,
    dtype=choice.dtype,
    jit_compile=steps[-1] >= _STEPS_WORTH_COMPILING,
    inner_optimizer=InnerOptimizerConfig.from_text(metadata.inner_optimizer),
  )


def progress_report() -> Report:
  """Prints progress lines, a new series for every stage of the work."""
  stage, progress = None, None

  def report(method: str, unit: str, done: int, total: int) -> None:
    nonlocal stage, progress
    if stage != (method, unit):
      stage, progress = (method, unit), Progress(total, unit, label=method)
    progress.update(done)

  return report
