# SPDX-License-Identifier: Apache-2.0
"""Checks of inputs that a rule cannot learn from, before weights change."""

import contextlib
import enum
from collections.abc import Iterator

import keras
import tensorflow as tf

from lurl_tf.models.layer_chain import LayerChain

# Layers that change no value.
_SHAPE_LAYERS = (
  keras.layers.InputLayer,
  keras.layers.Flatten,
  keras.layers.Reshape,
  keras.layers.Permute,
)


class _Fault(enum.IntEnum):
  """Reason why a batch is refused."""

  NONE = 0
  NOT_FINITE = 1
  EQUAL = 2
  LABELS = 3


class BadBatchError(ValueError):
  """Error for a refused batch; the weights are unchanged."""


def check_inputs(spec: tf.TensorSpec, chain: LayerChain) -> None:
  """Raises ValueError if inputs do not fit, or integers are not scaled.

  Args:
    spec: Shape and type of a batch of inputs.
    chain: Parts of the model that takes them.
  """
  wanted = chain.stem.input_shape[1:]
  if len(wanted) != len(spec.shape[1:]) or any(
    size not in (None, given) for size, given in zip(wanted, spec.shape[1:])
  ):
    raise ValueError(
      f"Expected batches of shape {(None, *wanted)}. Received: inputs of shape "
      f"{tuple(spec.shape)}"
    )
  unchanged = all(
    isinstance(layer, _SHAPE_LAYERS) for layer in chain.stem.layers
  )
  if spec.dtype.is_integer and unchanged:
    raise ValueError(
      "Expected inputs scaled to about [0, 1] as floats. Received: "
      f"{spec.dtype.name}. Divide images by 255, or put "
      "keras.layers.Rescaling(1 / 255) before the LocalRuleDense layers; cast "
      "inputs that need no scaling to float32"
    )


class BatchChecks:
  """Refuses batches that no rule can learn from, before weights change.

  The reason is written to a variable, which `errors` reads when an assertion
  of the graph fails.

  Args:
    num_classes: Number of classes that labels may have.
  """

  def __init__(self, num_classes: int):
    self._num_classes = num_classes
    self._fault = tf.Variable(int(_Fault.NONE), trainable=False, dtype=tf.int64)

  def operations(
    self, inputs: tf.Tensor, labels: tf.Tensor | None = None
  ) -> list[tf.Operation]:
    """Operations that fail for a bad batch.

    All changes of variables must be made within
    `tf.control_dependencies(operations)`: in a graph nothing else delays them.
    XLA drops assertions, so it must not compile these operations.

    Args:
      inputs: Inputs of a chain `[b, i]`.
      labels: Labels of a supervised rule: class numbers `[b]`, or one-hot.

    Returns:
      Operations; none in eager mode, where they have run already.
    """
    conditions = {
      _Fault.NOT_FINITE: ~tf.reduce_all(tf.math.is_finite(inputs)),
      _Fault.EQUAL: ~tf.reduce_any(inputs != inputs[:1]),
    }
    if labels is not None and (labels.shape.rank < 2 or labels.shape[-1] == 1):
      numbers = tf.cast(labels, tf.int64)
      in_range = (numbers >= 0) & (numbers < self._num_classes)
      conditions[_Fault.LABELS] = ~tf.reduce_all(in_range)
    fault = tf.constant(int(_Fault.NONE), tf.int64)
    # The first condition that holds is the reason.
    for reason, condition in reversed(list(conditions.items())):
      fault = tf.where(condition, tf.constant(int(reason), tf.int64), fault)
    recorded = self._fault.assign(fault, read_value=False)
    with tf.control_dependencies([] if recorded is None else [recorded]):
      check = tf.debugging.Assert(fault == int(_Fault.NONE), ["Bad batch"])
    return [] if check is None else [check]

  @contextlib.contextmanager
  def errors(self) -> Iterator[None]:
    """Context in which a refused batch raises `BadBatchError`."""
    self._fault.assign(int(_Fault.NONE))
    try:
      yield
    except tf.errors.InvalidArgumentError:
      fault = _Fault(int(self._fault.numpy()))
      if fault == _Fault.NONE:
        raise
      raise BadBatchError(
        f"Expected {self._description(fault)}; the weights are as they were "
        "before it"
      ) from None

  def _description(self, fault: _Fault) -> str:
    if fault == _Fault.NOT_FINITE:
      return "finite inputs. Received: a batch with NaN or infinity"
    if fault == _Fault.EQUAL:
      return "examples that differ. Received: a batch with equal examples only"
    return (
      "a unit of the top layer per class. Received: a batch with labels that "
      f"are not from 0 to {self._num_classes - 1}"
    )
