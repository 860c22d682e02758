# SPDX-License-Identifier: Apache-2.0
"""Whether what draws tasks fits a meta-training run."""

from collections.abc import Sequence

from lurl_tf.meta.train_config import MetaTrainConfig
from lurl_tf.rule.learned.update_rule import check_output_size
from lurl_tf.tasks.episodes import TaskSampler


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
