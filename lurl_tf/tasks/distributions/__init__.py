# SPDX-License-Identifier: Apache-2.0
"""Task distributions: which data sets, for what, in which shapes."""

from lurl_tf.tasks.distributions.bucket import Bucket, sample_buckets
from lurl_tf.tasks.distributions.class_split import split_classes
from lurl_tf.tasks.distributions.data_source import (
  ClassPart,
  DataSource,
)
from lurl_tf.tasks.distributions.loading import load_samplers
from lurl_tf.tasks.distributions.named import (
  distribution_names,
  find_distribution,
  named_distribution,
)
from lurl_tf.tasks.distributions.task_distribution import TaskDistribution

__all__ = [
  "Bucket",
  "ClassPart",
  "DataSource",
  "TaskDistribution",
  "distribution_names",
  "find_distribution",
  "load_samplers",
  "named_distribution",
  "sample_buckets",
  "split_classes",
]
