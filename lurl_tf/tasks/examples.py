# SPDX-License-Identifier: Apache-2.0
"""Checks and scaling of examples in memory."""

from collections.abc import Sequence

import numpy as np

from lurl_tf.structures import LabelledExamples


def validate_examples(examples: LabelledExamples) -> None:
  """Raises an error unless the examples can be learned from.

  Args:
    examples: Split of a data set.

  Raises:
    ValueError: If inputs are not `[b, i]` of uint8 or float32, are not finite,
      or do not fit `image_shape`; or if labels are not `[b]` class indices.
  """
  inputs, labels, class_names, image_shape = examples
  if inputs.ndim != 2 or inputs.dtype not in (np.uint8, np.float32):
    raise ValueError(
      "`inputs` must have shape [b, i] and dtype uint8 or float32. "
      f"Received: inputs.shape={inputs.shape}, inputs.dtype={inputs.dtype}"
    )
  if inputs.shape[1] != np.prod(image_shape):
    raise ValueError(
      "`image_shape` must have as many values as an input. Received: "
      f"image_shape={image_shape}, inputs.shape={inputs.shape}"
    )
  if inputs.dtype == np.float32:
    faulty = np.flatnonzero(~np.isfinite(inputs).all(axis=1))
    if faulty.size:
      raise ValueError(
        "`inputs` must be finite. Received: NaN or infinite values in "
        f"{faulty.size} of {len(inputs)} examples, first in inputs[{faulty[0]}]"
      )
  if labels.shape != inputs.shape[:1] or labels.dtype.kind not in "iu":
    raise ValueError(
      "`labels` must be one integer per input. Received: "
      f"labels.shape={labels.shape}, labels.dtype={labels.dtype}, "
      f"inputs.shape={inputs.shape}"
    )
  if labels.size and not 0 <= labels.min() <= labels.max() < len(class_names):
    raise ValueError(
      f"`labels` must be in 0 to {len(class_names) - 1}, an index of "
      f"`class_names`. Received: labels from {labels.min()} to {labels.max()}"
    )


def check_class_names(class_names: Sequence[str], origin: str) -> None:
  """Raises an error if there are fewer than two classes.

  Args:
    class_names: Name of each class.
    origin: Source of the classes, for the error message.

  Raises:
    ValueError: If there are fewer than two classes.
  """
  if len(class_names) < 2:
    raise ValueError(
      "There must be two or more classes. Received: "
      f"{', '.join(class_names) or 'none'} in {origin}"
    )


def scale_to_unit(inputs: np.ndarray) -> np.ndarray:
  """Scales uint8 inputs to [0, 1]; leaves floating-point inputs alone.

  Args:
    inputs: Inputs of any shape, uint8 (0 to 255) or floating-point (already
      scaled).

  Returns:
    Inputs of the same shape, float32.

  Example:

  >>> scale_to_unit(np.array([0, 255], np.uint8))
  array([0., 1.], dtype=float32)
  """
  if inputs.dtype == np.uint8:
    return inputs.astype(np.float32) / np.float32(255)
  return inputs.astype(np.float32, copy=False)
