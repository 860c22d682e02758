# SPDX-License-Identifier: Apache-2.0
"""What the meta-trainer says of its steps."""

from typing import NamedTuple


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
