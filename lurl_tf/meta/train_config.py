# SPDX-License-Identifier: Apache-2.0
"""Everything that decides a meta-training run."""

import dataclasses
import json
from collections.abc import Sequence
from typing import Any

from lurl_tf.meta.estimators.config import EstimatorConfig
from lurl_tf.meta.inner.unroll_config import UnrollConfig
from lurl_tf.optimizers import InnerOptimizerConfig
from lurl_tf.rule.learned.parameter_specs import INITIAL_TERM_COEFFICIENT
from lurl_tf.rule.learned.update_rule import check_output_size
from lurl_tf.structures import RuleConfig
from lurl_tf.tasks.distributions import TaskDistribution, named_distribution
from lurl_tf.tasks.episodes import TaskSampler


@dataclasses.dataclass(frozen=True)
class MetaTrainConfig:
  """A meta-training run.

  Args:
    rule: sizes and options of the rule.
    unroll: how inner states advance and are scored.
    term_coefficient: starting value of the coefficients of the rule's terms;
      the larger, the faster an untrained rule turns the weights.
    estimator: of the meta-gradient.
    tasks: what tasks are drawn, and the base models of the buckets.
    slots: task slots of a bucket on each replica, which advance together.
    min_truncation: least inner steps of a truncation; the largest is
      `unroll.max_steps`.
    min_horizon: least inner steps before a slot starts anew.
    max_horizon: largest inner steps before a slot starts anew.
    inner_optimizer: makes the next inner weights of the rule's proposals.
    inner_learning_rates: knots of the inner learning rate over t / T.
    learn_inner_rates: whether the knots are meta-learned.
    learning_rate: of Adam on theta.
    decay_steps: outer steps over which the learning rate falls to a tenth by
      a cosine; 0 keeps it.
    slot_clip_norm: largest gradient norm of one slot.
    clip_norm: largest norm of the averaged gradient.
    average_decay: of an average of the meta-parameters over time, which is what
      is evaluated and kept as the rule; 0: no average.
    rollback_after: outer steps in a row that lost more than half of their task
      slots, after which the meta-parameters go back to where they were
      remembered, and the learning rate is halved; 0: never.
    remember_every: outer steps between remembered meta-parameters.
    seed: of everything random.

  Raises:
    ValueError: if a number is out of range.
  """

  rule: RuleConfig = RuleConfig()
  unroll: UnrollConfig = UnrollConfig()
  term_coefficient: float = INITIAL_TERM_COEFFICIENT
  estimator: EstimatorConfig = EstimatorConfig()
  tasks: TaskDistribution = named_distribution("quick")
  slots: int = 4
  min_truncation: int = 10
  min_horizon: int = 100
  max_horizon: int = 100
  inner_optimizer: InnerOptimizerConfig = InnerOptimizerConfig()
  inner_learning_rates: tuple[float, ...] = (0.03,)
  learn_inner_rates: bool = False
  learning_rate: float = 1e-2
  decay_steps: int = 0
  slot_clip_norm: float = 1.0
  clip_norm: float = 1.0
  average_decay: float = 0.0
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
      if getattr(self, name) < 0:
        raise ValueError(
          f"`{name}` must not be negative. "
          f"Received: {name}={getattr(self, name)}"
        )
    if not 0 <= self.average_decay < 1:
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

  def to_json(self) -> dict[str, Any]:
    """The fields as JSON has them: nested objects, lists, plain values."""
    return json.loads(json.dumps(dataclasses.asdict(self)))


def check_samplers(
  samplers: Sequence[TaskSampler], config: MetaTrainConfig
) -> None:
  """Raises an error if the samplers are not those of the run's buckets.

  Args:
    samplers: one per bucket of `config.tasks`.
    config: the run.

  Raises:
    ValueError: if there are more or fewer, one draws other episodes than its
      bucket says, or a base model does not fit the rule.
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
