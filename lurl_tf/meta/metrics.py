# SPDX-License-Identifier: Apache-2.0
"""Metrics of outer steps: what they are, and how they are packed."""

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple, TypeVar

import numpy as np
import tensorflow as tf

_Array = TypeVar("_Array", tf.Tensor, np.ndarray)
_Structure = TypeVar("_Structure")


class UnrollMetrics(NamedTuple):
  """Means over the scored states of a truncation, each `[t]`.

  Attributes:
    loss: Loss that is differentiated.
    query_error: Error of the read-out on the query set.
    penalty: Ridge penalty of the read-out.
    accuracy: Accuracy on the query set, in [0, 1].
    support_accuracy: Accuracy on the support set, in [0, 1].
  """

  loss: tf.Tensor
  query_error: tf.Tensor
  penalty: tf.Tensor
  accuracy: tf.Tensor
  support_accuracy: tf.Tensor


class DataSetSums(NamedTuple):
  """Sums over the usable task slots of every data set, each `[d]`.

  Attributes:
    metrics: `UnrollMetrics` of sums.
    slots: Number of usable slots.
  """

  metrics: UnrollMetrics
  slots: tf.Tensor


class StepMetrics(NamedTuple):
  """Numbers of one outer step over all replicas, as tensors.

  Attributes:
    unroll: `UnrollMetrics` of scalars, means over the replicas with a usable
      slot; NaN if there is none.
    gradient_norm: Scalar, norm of the averaged gradient before clipping.
    skipped: Scalar, number of task slots left out.
    learning_rate: Scalar, learning rate of the step.
    rollbacks: Scalar, number of rollbacks so far.
    stop: Scalar, number of replicas that were asked to stop.
    by_data_set: `DataSetSums` of the data sets of all buckets in order.
  """

  unroll: UnrollMetrics
  gradient_norm: tf.Tensor
  skipped: tf.Tensor
  learning_rate: tf.Tensor
  rollbacks: tf.Tensor
  stop: tf.Tensor
  by_data_set: DataSetSums


class MetaMetrics(NamedTuple):
  """Numbers of one outer step, or means over several.

  Attributes:
    loss: Loss that is differentiated.
    query_error: Error of the read-out on the query sets.
    penalty: Ridge penalty of the read-out.
    accuracy: Accuracy on the query sets, in [0, 1].
    support_accuracy: Accuracy on the support sets, in [0, 1].
    gradient_norm: Norm of the averaged gradient before clipping.
    skipped: Number of task slots left out because their loss or gradient was
      not finite.
    learning_rate: Learning rate of Adam on the meta-parameters.
    rollbacks: Number of rollbacks to remembered meta-parameters.
    waiting: Share of the time spent waiting for data.
  """

  loss: float
  query_error: float
  penalty: float
  accuracy: float
  support_accuracy: float
  gradient_norm: float
  skipped: float
  learning_rate: float
  rollbacks: float
  waiting: float


class FirstCall(NamedTuple):
  """Time to trace, compile and run a function for the first time.

  Attributes:
    buckets: Names of the buckets that took part.
    seconds: Duration of the whole call.
  """

  buckets: tuple[str, ...]
  seconds: float


class PartMetrics(NamedTuple):
  """Means over the task slots of one bucket that learn from one data set.

  Attributes:
    bucket: Name of the bucket.
    data_set: Name of the data set.
    slots: Number of usable task slots of the step, over all replicas.
    metrics: `UnrollMetrics` of floats.
  """

  bucket: str
  data_set: str
  slots: int
  metrics: UnrollMetrics


def pack(values: Any, dtype: tf.DType) -> tf.Tensor:
  """Concatenates all arrays of a nested structure.

  Args:
    values: Nested structure of tensors.
    dtype: Type of the result.

  Returns:
    `[m]`, one vector, so that replicas reduce only once.
  """
  leaves = [tf.cast(leaf, dtype) for leaf in tf.nest.flatten(values)]
  return tf.concat([tf.reshape(leaf, [-1]) for leaf in leaves], axis=0)


def unpack(vector: _Array, like: _Structure) -> _Structure:
  """The inverse of `pack`.

  Args:
    vector: `[m]`, tensor or NumPy array.
    like: Nested structure of arrays whose shapes the result takes.

  Returns:
    The same nested structure of parts of `vector`.

  Raises:
    ValueError: If the vector has another size than the structure.

  Example:

  >>> from lurl_tf.meta import metrics
  >>> sums = metrics.DataSetSums(tf.constant([1.0, 2.0]), tf.constant(3))
  >>> vector = metrics.pack(sums, tf.float32)
  >>> float(metrics.unpack(vector, like=sums).slots)
  3.0
  """
  shapes = [tuple(leaf.shape) for leaf in tf.nest.flatten(like)]
  sizes = [math.prod(shape) for shape in shapes]
  if vector.shape[0] != sum(sizes):
    raise ValueError(
      f"`vector` must have {sum(sizes)} numbers. Received: "
      f"vector.shape={tuple(vector.shape)}"
    )
  reshape = tf.reshape if tf.is_tensor(vector) else np.reshape
  parts, first = [], 0
  for size, shape in zip(sizes, shapes):
    parts.append(reshape(vector[first : first + size], shape))
    first += size
  return tf.nest.pack_sequence_as(like, parts)


class StepRecord(NamedTuple):
  """Numbers of one outer step, as Python values.

  Attributes:
    metrics: `MetaMetrics` of the step.
    parts: `PartMetrics` of every bucket and data set with a usable slot.
    stop: Whether a replica was asked to stop.
  """

  metrics: MetaMetrics
  parts: tuple[PartMetrics, ...]
  stop: bool


def read_step(
  vector: np.ndarray, names: Sequence[tuple[str, str]], waiting: float
) -> StepRecord:
  """Reads the packed `StepMetrics` of an outer step.

  Args:
    vector: `[m]`, the result of `pack`.
    names: Names of the bucket and the data set of each entry of
      `StepMetrics.by_data_set`.
    waiting: Share of the time spent waiting for data.

  Returns:
    `StepRecord`.
  """
  scalar, each = np.zeros([]), np.zeros([len(names)])
  step = unpack(
    vector,
    StepMetrics(
      unroll=UnrollMetrics(*[scalar] * len(UnrollMetrics._fields)),
      gradient_norm=scalar,
      skipped=scalar,
      learning_rate=scalar,
      rollbacks=scalar,
      stop=scalar,
      by_data_set=DataSetSums(
        UnrollMetrics(*[each] * len(UnrollMetrics._fields)), each
      ),
    ),
  )
  metrics = MetaMetrics(
    **{name: float(value) for name, value in step.unroll._asdict().items()},
    gradient_norm=float(step.gradient_norm),
    skipped=float(step.skipped),
    learning_rate=float(step.learning_rate),
    rollbacks=float(step.rollbacks),
    waiting=waiting,
  )
  return StepRecord(
    metrics, means_by_part(step.by_data_set, names), bool(step.stop > 0)
  )


def means_by_part(
  sums: DataSetSums, names: Sequence[tuple[str, str]]
) -> tuple[PartMetrics, ...]:
  """Means over the task slots of each bucket and data set.

  Args:
    sums: `DataSetSums` of NumPy arrays.
    names: Names of the bucket and the data set of each entry.

  Returns:
    `PartMetrics` of those with a usable slot.

  Example:

  >>> from lurl_tf.meta import metrics
  >>> sums = metrics.DataSetSums(
  ...   metrics.UnrollMetrics(*np.array([[1.0, 0.0]] * 5)), np.array([2.0, 0.0])
  ... )
  >>> names = [("64-32", "mnist"), ("64-32", "svhn")]
  >>> (part,) = metrics.means_by_part(sums, names)
  >>> part.data_set, part.slots, part.metrics.loss
  ('mnist', 2, 0.5)
  """
  return tuple(
    PartMetrics(
      bucket,
      data_set,
      round(float(slots)),
      UnrollMetrics(*(float(value[index] / slots) for value in sums.metrics)),
    )
    for index, ((bucket, data_set), slots) in enumerate(
      zip(names, sums.slots, strict=True)
    )
    if slots > 0
  )


def mean_by(
  parts: Iterable[PartMetrics], key: Callable[[PartMetrics], str]
) -> dict[str, UnrollMetrics]:
  """Means over groups of parts; every task slot has the same weight.

  Args:
    parts: `PartMetrics` of one outer step.
    key: Function from a part to the name of its group, such as its bucket.

  Returns:
    Dict from name to `UnrollMetrics` of floats.
  """
  members: dict[str, list[PartMetrics]] = {}
  for part in parts:
    members.setdefault(key(part), []).append(part)
  return {
    name: UnrollMetrics(
      *map(
        float,
        np.average(
          [each.metrics for each in own],
          axis=0,
          weights=[each.slots for each in own],
        ),
      )
    )
    for name, own in members.items()
  }
