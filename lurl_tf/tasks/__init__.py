# SPDX-License-Identifier: Apache-2.0
"""Data sets and tasks. Importing this registers the builders with TFDS."""

from lurl_tf.tasks.augmentation.config import AugmentationConfig
from lurl_tf.tasks.built_in.lurl_digits import LurlDigits
from lurl_tf.tasks.built_in.lurl_glyphs import GlyphsConfig, LurlGlyphs
from lurl_tf.tasks.built_in.lurl_two_moons import LurlTwoMoons
from lurl_tf.tasks.data_use import DataUse, check_may_choose
from lurl_tf.tasks.distributions import (
  Bucket,
  ClassPart,
  DataSource,
  TaskDistribution,
  distribution_names,
  find_distribution,
  load_samplers,
  named_distribution,
  sample_buckets,
  split_classes,
)
from lurl_tf.tasks.episodes import (
  EpisodeConfig,
  Task,
  TaskSampler,
  WeightedDataSet,
)
from lurl_tf.tasks.examples import scale_to_unit, validate_examples
from lurl_tf.tasks.images.area_resize import area_resize
from lurl_tf.tasks.sources.data_set_name import DataSetName
from lurl_tf.tasks.sources.load import holds_images, load_examples
from lurl_tf.tasks.sources.synthetic import (
  ClustersConfig,
  DecodersConfig,
  clusters,
  decoders,
)

__all__ = [
  "AugmentationConfig",
  "Bucket",
  "ClassPart",
  "ClustersConfig",
  "DataSetName",
  "DataSource",
  "DataUse",
  "DecodersConfig",
  "EpisodeConfig",
  "GlyphsConfig",
  "LurlDigits",
  "LurlGlyphs",
  "LurlTwoMoons",
  "Task",
  "TaskDistribution",
  "TaskSampler",
  "WeightedDataSet",
  "area_resize",
  "check_may_choose",
  "clusters",
  "decoders",
  "distribution_names",
  "find_distribution",
  "holds_images",
  "load_examples",
  "load_samplers",
  "named_distribution",
  "sample_buckets",
  "scale_to_unit",
  "split_classes",
  "validate_examples",
]
