# SPDX-License-Identifier: Apache-2.0
"""Configuration of a meta-training run."""

import dataclasses
import json
from collections.abc import Sequence
from typing import Any

from lurl_tf.meta.estimators.config import EstimatorConfig
from lurl_tf.meta.inner.unroll_config import UnrollConfig
from lurl_tf.optimizers import InnerOptimizerConfig
from lurl_tf.rule.learned.parameter_specs import INITIAL_TERM_COEFFICIENT
from lurl_tf.rule.learned.update_rule import UpdateRule, check_output_size
from lurl_tf.structures import RuleConfig
from lurl_tf.tasks.distributions import TaskDistribution, named_distribution
from lurl_tf.tasks.episodes import TaskSampler

# Sizes of the shipped start, "starts/pooled", and of random rules.
DEFAULT_RULE = RuleConfig(
  hidden_channels=24, delta_channels=16, top_channels=16, mixing="pooled"
)
# A random rule needs larger steps, and longer inner trainings at smaller rates.
_FROM_RANDOM = {
  "rule": DEFAULT_RULE,
  "min_horizon": 100,
  "max_horizon": 100,
  "inner_learning_rates": (0.03,),
  "learning_rate": 1e-2,
}


@dataclasses.dataclass(frozen=True)
class MetaTrainConfig:
  """Configuration of a meta-training run.

  The defaults are those of a run that starts from the shipped `starts/pooled`;
  `starting_from` makes a config for another rule.

  Args:
    rule: Sizes and options of the rule.
    unroll: `UnrollConfig`: how inner states advance and are scored.
    term_coefficient: Initial coefficient of the terms of a weight change, for
      random meta-parameters. The larger it is, the faster an untrained rule
      turns the weights.
    estimator: `EstimatorConfig` of the meta-gradient.
    tasks: `TaskDistribution` with the base models of the buckets.
    slots: Number of task slots of a bucket on each replica. They advance
      together.
    min_truncation: Least number of inner steps of a truncation; the largest is
      `unroll.max_steps`.
    min_horizon: Least number of inner steps of an inner training.
    max_horizon: Largest number of inner steps of an inner training.
    inner_optimizer: `InnerOptimizerConfig` that turns the rule's proposals into
      the next inner weights.
    inner_learning_rates: Learning rates at equal distances from the first inner
      step to the last, log-linear between them.
    learn_inner_rates: Whether the inner learning rates are meta-learned.
    learning_rate: Learning rate of Adam on the meta-parameters.
    decay_steps: Number of outer steps over which the learning rate falls to a
      tenth by a cosine; 0 keeps it constant. None means the `num_steps` that a
      run is begun with, and 0 where it has none.
    slot_clip_norm: Largest gradient norm of one slot.
    clip_norm: Largest norm of the averaged gradient.
    average_decay: Decay of an average of the meta-parameters over outer steps,
      which is evaluated and saved in their place; 0 for no average. None means
      0 for a run with `num_steps`, and 0.99 for one without.
    rollback_after: Number of consecutive outer steps that lost more than half
      of their task slots, after which the meta-parameters return to the
      remembered ones and the learning rate is halved; 0 for never.
    remember_every: Number of outer steps between remembered meta-parameters.
    seed: Integer seed of all random numbers.

  Raises:
    ValueError: If a number is out of range.
  """

  rule: RuleConfig = DEFAULT_RULE
  unroll: UnrollConfig = UnrollConfig()
  term_coefficient: float = INITIAL_TERM_COEFFICIENT
  estimator: EstimatorConfig = EstimatorConfig()
  tasks: TaskDistribution = named_distribution("quick")
  slots: int = 4
  min_truncation: int = 10
  min_horizon: int = 50
  max_horizon: int = 50
  inner_optimizer: InnerOptimizerConfig = InnerOptimizerConfig()
  inner_learning_rates: tuple[float, ...] = (0.3, 0.02)
  learn_inner_rates: bool = False
  learning_rate: float = 3e-3
  decay_steps: int | None = None
  slot_clip_norm: float = 1.0
  clip_norm: float = 1.0
  average_decay: float | None = None
  rollback_after: int = 10
  remember_every: int = 50
  seed: int = 0

  def __post_init__(self):
    positive = (
      "term_coefficient",
      "slots",
      "learning_rate",
      "slot_clip_norm",
      "clip_norm",
      "min_horizon",
      "remember_every",
    )
    for name in positive:
      if not getattr(self, name) > 0:
        raise ValueError(
          f"`{name}` must be positive. Received: {name}={getattr(self, name)}"
        )
    for name in ("decay_steps", "rollback_after", "seed"):
      if (getattr(self, name) or 0) < 0:
        raise ValueError(
          f"`{name}` must not be negative. "
          f"Received: {name}={getattr(self, name)}"
        )
    if not 0 <= (self.average_decay or 0) < 1:
      raise ValueError(
        "`average_decay` must be from 0 to below 1. "
        f"Received: average_decay={self.average_decay}"
      )
    if not self.inner_learning_rates or min(self.inner_learning_rates) <= 0:
      raise ValueError(
        "`inner_learning_rates` must be positive numbers. Received: "
        f"inner_learning_rates={self.inner_learning_rates}"
      )
    if not 1 <= self.min_truncation <= self.unroll.max_steps:
      raise ValueError(
        "`min_truncation` must be from 1 to `unroll.max_steps`. Received: "
        f"min_truncation={self.min_truncation}, "
        f"unroll.max_steps={self.unroll.max_steps}"
      )
    if self.max_horizon < self.min_horizon:
      raise ValueError(
        "`max_horizon` must not be below `min_horizon`. Received: "
        f"min_horizon={self.min_horizon}, max_horizon={self.max_horizon}"
      )
    lengths = {
      self.min_truncation,
      self.unroll.max_steps,
      self.min_horizon,
      self.max_horizon,
    }
    if self.estimator.name == "bptt" and len(lengths) > 1:
      raise ValueError(
        "The estimator 'bptt' needs truncations of whole inner trainings: "
        "`min_truncation`, `unroll.max_steps`, `min_horizon` and `max_horizon` "
        f"must be equal. Received: {', '.join(map(str, sorted(lengths)))}"
      )

  @classmethod
  def starting_from(
    cls, initial_rule: UpdateRule | None, /, **fields: Any
  ) -> "MetaTrainConfig":
    """Makes the config of a run that starts from a rule.

    Args:
      initial_rule: `UpdateRule` whose sizes, inner optimizer, inner learning
        rates and number of inner steps are the defaults of the run; None for
        random meta-parameters.
      **fields: Fields of the config.

    Returns:
      `MetaTrainConfig`.

    Raises:
      ValueError: If a field is out of range, or the inner optimizer is not that
        of the rule and has no learning rates.

    Example:

    >>> rule = lurl_tf.UpdateRule.from_preset("starts/pooled")
    >>> config = lurl_tf.meta.MetaTrainConfig.starting_from(rule, slots=8)
    >>> config.max_horizon, config.slots
    (50, 8)
    """
    defaults = dict(_FROM_RANDOM)
    if initial_rule is not None:
      _check_inner_rates(initial_rule, fields)
      metadata = initial_rule.metadata
      defaults = {
        "rule": initial_rule.config,
        "min_horizon": metadata.inner_steps,
        "max_horizon": metadata.inner_steps,
        "inner_optimizer": InnerOptimizerConfig.from_text(
          metadata.inner_optimizer
        ),
        # Those of runs are float32, which has seven digits.
        "inner_learning_rates": tuple(
          float(f"{rate:.7g}") for rate in metadata.inner_learning_rates
        ),
      }
    if "min_horizon" in fields and "max_horizon" not in fields:
      defaults["max_horizon"] = fields["min_horizon"]
    if "max_horizon" in fields:
      least = min(defaults["min_horizon"], fields["max_horizon"])
      defaults["min_horizon"] = least
    return cls(**{**defaults, **fields})

  def to_json(self) -> dict[str, Any]:
    """Fields as JSON has them: nested objects, lists and plain values."""
    return json.loads(json.dumps(dataclasses.asdict(self)))


def _check_inner_rates(rule: UpdateRule, fields: dict[str, Any]) -> None:
  own = InnerOptimizerConfig.from_text(rule.metadata.inner_optimizer).name
  chosen = fields.get("inner_optimizer")
  if chosen is None or chosen.name == own or "inner_learning_rates" in fields:
    return
  raise ValueError(
    "`inner_learning_rates` must be given where the inner optimizer is not "
    f"that of the rule that the run starts from, {own!r}. "
    f"Received: inner_optimizer={chosen.name!r}"
  )


def check_samplers(
  samplers: Sequence[TaskSampler], config: MetaTrainConfig
) -> None:
  """Checks that the samplers are those of the run's buckets.

  Args:
    samplers: `TaskSampler` of each bucket of `config.tasks`.
    config: `MetaTrainConfig` of the run.

  Raises:
    ValueError: If their number is another, one draws other episodes than those
      of its bucket, or a base model does not fit the rule.
  """
  buckets = config.tasks.buckets
  if len(samplers) != len(buckets):
    raise ValueError(
      "There must be one sampler per bucket of `config.tasks`. Received: "
      f"{len(samplers)} samplers, {len(buckets)} buckets"
    )
  for bucket, sampler in zip(buckets, samplers):
    if sampler.config != bucket.episodes:
      raise ValueError(
        "A bucket's episodes must be the sampler's config. Received: "
        f"bucket.episodes={bucket.episodes}, sampler.config={sampler.config}"
      )
    check_output_size(config.rule, bucket.units[-1])
