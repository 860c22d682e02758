# SPDX-License-Identifier: Apache-2.0
"""Refuses inputs that a rule cannot learn from, before weights change."""

import contextlib
from collections.abc import Iterator

import keras
import tensorflow as tf

from lurl_tf.models.layer_chain import LayerChain

# Layers that hand values on as they are.
_SHAPE_LAYERS = (
  keras.layers.InputLayer,
  keras.layers.Flatten,
  keras.layers.Reshape,
  keras.layers.Permute,
)
_MARK = "Bad batch: "


class BadBatchError(ValueError):
  """A batch that was refused; the weights are as they were before it."""


def check_inputs(spec: tf.TensorSpec, chain: LayerChain) -> None:
  """Raises ValueError if inputs do not fit, or integers are not scaled.

  Args:
    spec: shape and type of a batch of inputs.
    chain: what they go into.
  """
  wanted = chain.stem.input_shape[1:]
  if len(wanted) != len(spec.shape[1:]) or any(
    size not in (None, given) for size, given in zip(wanted, spec.shape[1:])
  ):
    raise ValueError(
      f"Expected batches of shape {(None, *wanted)}. Received: inputs of shape "
      f"{tuple(spec.shape)}"
    )
  as_they_are = all(
    isinstance(layer, _SHAPE_LAYERS) for layer in chain.stem.layers
  )
  if spec.dtype.is_integer and as_they_are:
    raise ValueError(
      "Expected inputs scaled to about [0, 1] as floats. Received: "
      f"{spec.dtype.name}. Divide images by 255, or put "
      "keras.layers.Rescaling(1 / 255) before the LocalRuleDense layers; cast "
      "to float32 what is to be taken as it is"
    )


def assertions(
  inputs: tf.Tensor,
  labels: tf.Tensor | None = None,
  num_classes: int | None = None,
) -> list[tf.Operation]:
  """Operations that fail for a batch that no rule can learn from.

  All that changes a variable must be made within
  `tf.control_dependencies(assertions(inputs))`: in a graph nothing else keeps
  it back. XLA drops assertions, so they must not be compiled by it.

  Args:
    inputs: `[b, i]`, of a chain.
    labels: `[b]` class numbers of a supervised rule, or one-hot, if there are.
    num_classes: how many classes there may be.

  Returns:
    Operations; none in eager mode, where they have run already.
  """
  checks = [
    tf.debugging.Assert(
      tf.reduce_all(tf.math.is_finite(inputs)),
      [f"{_MARK}finite inputs|NaN or infinity|"],
    ),
    # NaN differs from itself, and is reported above.
    tf.debugging.Assert(
      tf.reduce_any(inputs != inputs[:1]),
      [f"{_MARK}examples that differ|equal examples only|"],
    ),
  ]
  if labels is not None and (labels.shape.rank < 2 or labels.shape[-1] == 1):
    numbers = tf.cast(labels, tf.int64)
    checks.append(
      tf.debugging.Assert(
        tf.reduce_all((numbers >= 0) & (numbers < num_classes)),
        [
          f"{_MARK}a unit of the top layer per class|"
          f"labels that are not from 0 to {num_classes - 1}|"
        ],
      )
    )
  return [check for check in checks if check is not None]


@contextlib.contextmanager
def clear_errors() -> Iterator[None]:
  """Context in which a batch that fails `assertions` raises `BadBatchError`."""
  try:
    yield
  except tf.errors.InvalidArgumentError as error:
    _, mark, message = str(error).partition(_MARK)
    if not mark:
      raise
    expected, received, _ = message.split("|", 2)
    raise BadBatchError(
      f"Expected {expected}. Received: a batch with {received}; the weights "
      "are as they were before it"
    ) from None
