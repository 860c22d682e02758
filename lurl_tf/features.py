# SPDX-License-Identifier: Apache-2.0
"""Frozen features and classifiers, as every method returns them."""

from collections.abc import Callable

import numpy as np

# Maps inputs [b, i] to class indices [b].
Classifier = Callable[[np.ndarray], np.ndarray]


class Features:
  """What a baseline has learned: a map from inputs to features.

  Subclasses override `layers`.

  Call arguments:
    inputs: float32 `[b, i]`.

  Returns:
    `[b, u]`, the last of `layers(inputs)`.
  """

  def __call__(self, inputs: np.ndarray) -> np.ndarray:
    return self.layers(inputs)[-1]

  def layers(self, inputs: np.ndarray) -> tuple[np.ndarray, ...]:
    """The features of every layer, bottom first; one where there are none.

    Args:
      inputs: float32 `[b, i]`.

    Returns:
      `[b, u]` of each layer.
    """
    raise NotImplementedError(f"{type(self).__name__} must override `layers`")


class MappedFeatures(Features):
  """Features of one layer that a function computes.

  Args:
    function: maps `[b, i]` to `[b, u]`.
  """

  def __init__(self, function: Callable[[np.ndarray], np.ndarray]):
    self._function = function

  def layers(self, inputs: np.ndarray) -> tuple[np.ndarray, ...]:
    """The features of the only layer.

    Args:
      inputs: float32 `[b, i]`.

    Returns:
      One array `[b, u]`.
    """
    return (self._function(inputs),)
