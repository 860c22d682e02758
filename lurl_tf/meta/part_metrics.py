# SPDX-License-Identifier: Apache-2.0
"""What an outer step's metrics were on each bucket and data set."""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import numpy as np

from lurl_tf.meta.inner.unroll import UnrollMetrics


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

  >>> from lurl_tf.meta.part_metrics import read_parts
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
