# SPDX-License-Identifier: Apache-2.0
"""The hand-designed rule of soft winner-take-all, as a baseline."""

import dataclasses
from typing import Self

import numpy as np

from lurl_tf.baselines.interface import Baseline
from lurl_tf.checks import check_at_least, check_units
from lurl_tf.features import Features, MappedFeatures
from lurl_tf.models import RuleFeatures
from lurl_tf.rule import SoftWinnerTakeAll


@dataclasses.dataclass(frozen=True)
class WinnerTakeAll(Baseline):
  """Features of layers that `lurl_tf.rule.SoftWinnerTakeAll` trained.

  What good features take: one layer, and a hundred local updates (Nowlan 1990).

  Args:
    units: units of each layer, bottom first.
    sharpness: of the competition.
    inner_steps: updates.
    batch_size: examples of an update.
    learning_rate: of `DecayedSGD`.

  Raises:
    ValueError: if a value is out of range.

  Example:

  >>> unlabelled = np.random.default_rng(0).random((50, 8), np.float32)
  >>> baseline = WinnerTakeAll(units=(4,), inner_steps=2, batch_size=16)
  >>> baseline.fit(unlabelled)(unlabelled[:2]).shape
  (2, 4)
  """

  units: tuple[int, ...] = (128,)
  sharpness: float = 10.0
  inner_steps: int = 100
  batch_size: int = 128
  learning_rate: float = 0.1

  def __post_init__(self):
    check_units(self.units)
    check_at_least(self, inner_steps=1, batch_size=2)

  def fit(self, unlabelled: np.ndarray, seed: int = 0) -> Features:
    """Applies the rule.

    Args:
      unlabelled: float32 `[b, i]`.
      seed: of starting weights and order.

    Returns:
      `Features` of the top layer.
    """
    model = RuleFeatures(
      SoftWinnerTakeAll(self.sharpness),
      self.units,
      inner_steps=self.inner_steps,
      batch_size=self.batch_size,
      learning_rate=self.learning_rate,
      random_state=seed,
    )
    return MappedFeatures(model.fit(unlabelled).transform)

  def candidates(self) -> tuple[Self, ...]:
    """Rates, and sharpnesses of the competition."""
    return tuple(
      dataclasses.replace(self, learning_rate=rate, sharpness=sharpness)
      for rate in (self.learning_rate, 0.03, 0.3)
      for sharpness in (self.sharpness, 3.0, 30.0)
    )
