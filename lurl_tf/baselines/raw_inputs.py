# SPDX-License-Identifier: Apache-2.0
"""Raw inputs in place of features."""

import dataclasses
from typing import ClassVar

import numpy as np

from lurl_tf.baselines.interface import Baseline
from lurl_tf.features import Features, MappedFeatures


@dataclasses.dataclass(frozen=True)
class RawInputs(Baseline):
  """Returns the inputs as features.

  Example:

  >>> RawInputs().fit(np.zeros([9, 3], np.float32))(np.eye(3)).tolist()
  [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]
  """

  is_random: ClassVar[bool] = False

  def fit(self, unlabelled: np.ndarray, seed: int = 0) -> Features:
    """Returns the identity.

    Args:
      unlabelled: Not used.
      seed: Not used.

    Returns:
      `Features`.
    """
    del unlabelled, seed
    return MappedFeatures(np.asarray)
