# SPDX-License-Identifier: Apache-2.0
"""Interfaces of frozen features and classifiers, shared by all methods."""

from collections.abc import Callable

import numpy as np

# Maps inputs [b, i] to class indices [b].
Classifier = Callable[[np.ndarray], np.ndarray]


class Features:
  """Base class of learned feature maps; subclasses override `layers`.

  Call arguments:
    inputs: float32 `[b, i]` inputs.

  Returns:
    `[b, u]` features of the top layer.
  """

  def __call__(self, inputs: np.ndarray) -> np.ndarray:
    return self.layers(inputs)[-1]

  def layers(self, inputs: np.ndarray) -> tuple[np.ndarray, ...]:
    """Computes the features of every layer, bottom first.

    Args:
      inputs: float32 `[b, i]` inputs.

    Returns:
      Features `[b, u]` of each layer; one array if the method has no layers.
    """
    raise NotImplementedError(f"{type(self).__name__} must override `layers`")


class MappedFeatures(Features):
  """Features of one layer, computed by a function.

  Args:
    function: Function that maps inputs `[b, i]` to features `[b, u]`.
  """

  def __init__(self, function: Callable[[np.ndarray], np.ndarray]):
    self._function = function

  def layers(self, inputs: np.ndarray) -> tuple[np.ndarray, ...]:
    """Computes the features of the only layer.

    Args:
      inputs: float32 `[b, i]` inputs.

    Returns:
      Tuple of one array `[b, u]`.
    """
    return (self._function(inputs),)
