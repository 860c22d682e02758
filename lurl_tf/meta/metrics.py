# SPDX-License-Identifier: Apache-2.0
"""What the meta-trainer says of its steps."""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import numpy as np
import tensorflow as tf


class UnrollMetrics(NamedTuple):
  """Means over the scored states of a truncation, each `[t]`.

  Attributes:
    loss: the weighted meta-objective; what is differentiated.
    query_error: of the read-out on the query set.
    penalty: the ridge penalty.
    accuracy: on the query set.
    support_accuracy: on the support set.
  """

  loss: tf.Tensor
  query_error: tf.Tensor
  penalty: tf.Tensor
  accuracy: tf.Tensor
  support_accuracy: tf.Tensor


class MetaMetrics(NamedTuple):
  """Numbers of one outer step, or means over several.

  Attributes:
    loss: the weighted meta-objective.
    query_error: its part from the query set.
    penalty: the read-out's ridge penalty.
    accuracy: of the query sets, in [0, 1].
    support_accuracy: of the support sets, in [0, 1].
    gradient_norm: of the averaged gradient, before clipping.
    skipped: task slots left out, for a loss or gradient that is not finite.
    learning_rate: of Adam on the meta-parameters.
    rollbacks: how often the run went back to remembered meta-parameters.
    waiting: share of the time spent waiting for data.
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
  """How long it took to trace, compile and run something for the first time.

  Attributes:
    buckets: names of the buckets that took part.
    seconds: of the whole call.
  """

  buckets: tuple[str, ...]
  seconds: float


class PartMetrics(NamedTuple):
  """Means over the task slots of one bucket that learn from one data set.

  Attributes:
    bucket: its name.
    data_set: its name.
    slots: usable task slots, over all replicas and truncations of the step.
    metrics: `UnrollMetrics` of floats.
  """

  bucket: str
  data_set: str
  slots: int
  metrics: UnrollMetrics


def read_parts(
  names: Sequence[tuple[str, str]], numbers: np.ndarray
) -> tuple[PartMetrics, ...]:
  """Reads `StepMetrics.by_data_set`.

  Args:
    names: bucket and data set of each row.
    numbers: the rows, flat.

  Returns:
    `PartMetrics` of those with a usable slot.

  Example:

  >>> from lurl_tf.meta.metrics import read_parts
  >>> numbers = np.array([1.0, 0.8, 0.2, 0.5, 0.9, 2, 0, 0, 0, 0, 0, 0])
  >>> (part,) = read_parts([("64-32", "mnist"), ("64-32", "svhn")], numbers)
  >>> part.data_set, part.slots, float(part.metrics.loss)
  ('mnist', 2, 0.5)
  """
  rows = np.reshape(numbers, [len(names), -1])
  return tuple(
    PartMetrics(
      bucket,
      data_set,
      round(float(row[-1])),
      UnrollMetrics(*map(float, row[:-1] / row[-1])),
    )
    for (bucket, data_set), row in zip(names, rows, strict=True)
    if row[-1] > 0
  )


def mean_by(
  parts: Iterable[PartMetrics], key: Callable[[PartMetrics], str]
) -> dict[str, UnrollMetrics]:
  """Means over parts that have something in common.

  Args:
    parts: of one outer step.
    key: what that is, such as the bucket's name.

  Returns:
    Key to `UnrollMetrics` of floats, in which every task slot counts alike.
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
