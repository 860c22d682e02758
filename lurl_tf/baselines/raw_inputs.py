# SPDX-License-Identifier: Apache-2.0
"""No features at all: the inputs as they are."""

import dataclasses
from typing import ClassVar

import numpy as np

from lurl_tf.baselines.interface import Baseline
from lurl_tf.features import Features, MappedFeatures


@dataclasses.dataclass(frozen=True)
class RawInputs(Baseline):
  """The inputs themselves.

  Example:

  >>> RawInputs().fit(np.zeros([9, 3], np.float32))(np.eye(3)).tolist()
  [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]
  """

  is_random: ClassVar[bool] = False

  def fit(self, unlabelled: np.ndarray, seed: int = 0) -> Features:
    """Learns nothing.

    Args:
      unlabelled: not used.
      seed: not used.

    Returns:
      `Features`.
    """
    del unlabelled, seed
    return MappedFeatures(np.asarray)
