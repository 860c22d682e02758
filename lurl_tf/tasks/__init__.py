# SPDX-License-Identifier: Apache-2.0
"""What is learned from. Importing this registers the builders with TFDS."""

from lurl_tf.tasks.area_resize import area_resize
from lurl_tf.tasks.augmentation_config import AugmentationConfig
from lurl_tf.tasks.episodes import EpisodeConfig, Task, TaskSampler
from lurl_tf.tasks.examples import scale_to_unit, validate_examples
from lurl_tf.tasks.lurl_digits import LurlDigits
from lurl_tf.tasks.lurl_glyphs import GlyphsConfig, LurlGlyphs
from lurl_tf.tasks.lurl_two_moons import LurlTwoMoons
from lurl_tf.tasks.sources import load_examples
from lurl_tf.tasks.synthetic import (
  ClustersConfig,
  DecodersConfig,
  clusters,
  decoders,
)

__all__ = [
  "AugmentationConfig",
  "ClustersConfig",
  "DecodersConfig",
  "EpisodeConfig",
  "GlyphsConfig",
  "LurlDigits",
  "LurlGlyphs",
  "LurlTwoMoons",
  "Task",
  "TaskSampler",
  "area_resize",
  "clusters",
  "decoders",
  "load_examples",
  "scale_to_unit",
  "validate_examples",
]
