# SPDX-License-Identifier: Apache-2.0
"""Which slot does what next: ages, horizons, new beginnings.

The plan needs nothing that a device computes, so data can be drawn ahead; and
it is a function of a seed and a counter, so a resumed run plans the same.
"""

from typing import NamedTuple

import numpy as np

from lurl_tf.random_numbers import Stream


class SlotBook(NamedTuple):
  """Where every slot stands between truncations, each `[t]` integers.

  Attributes:
    age: inner steps done.
    horizon: inner steps after which the slot starts anew.
    generation: how often it started.
  """

  age: np.ndarray
  horizon: np.ndarray
  generation: np.ndarray


class TruncationPlan(NamedTuple):
  """What one truncation does.

  Attributes:
    reset: `[t]` bool, the slots that start anew with it.
    length: inner steps of this truncation.
    before: the slots' book when it starts.
    after: the slots' book when it ends.
  """

  reset: np.ndarray
  length: int
  before: SlotBook
  after: SlotBook


def new_book(slots: int) -> SlotBook:
  """The book of slots that never ran: all of them start with the next plan."""
  zeros = np.zeros(slots, np.int32)
  return SlotBook(zeros, zeros, zeros)


def plan_truncation(
  book: SlotBook,
  lengths: tuple[int, int],
  horizons: tuple[int, int],
  multiple: int,
  *key: int,
) -> TruncationPlan:
  """Decides the next truncation.

  First horizons are staggered over the slots: from then on they are out of
  phase, and a batch of slots is a mixture of young and old states. Not where
  every truncation is a whole life.

  Args:
    book: where the slots stand.
    lengths: least and largest steps of a truncation; where no multiple lies
      between them, the next one below is taken.
    horizons: least and largest inner steps of a slot's life.
    multiple: what the truncation's length is a multiple of.
    *key: integers that name the draw, such as a seed and a counter.

  Returns:
    `TruncationPlan`.
  """
  generator = np.random.default_rng([Stream.TRUNCATION_LENGTH, *key])
  high = lengths[1] // multiple
  low = min(-(-lengths[0] // multiple), high)
  length = multiple * int(generator.integers(low, high + 1))
  slots = len(book.age)
  reset = book.age >= book.horizon
  generator = np.random.default_rng([Stream.HORIZON, *key])
  drawn = generator.integers(horizons[0], horizons[1] + 1, slots)
  staggered = -(-drawn * (np.arange(slots) + 1) // slots)
  if lengths[0] < horizons[1]:
    drawn = np.where(book.generation == 0, staggered, drawn)
  before = SlotBook(
    age=np.where(reset, 0, book.age).astype(np.int32),
    horizon=np.where(reset, drawn, book.horizon).astype(np.int32),
    generation=(book.generation + reset).astype(np.int32),
  )
  after = before._replace(age=before.age + np.int32(length))
  return TruncationPlan(reset, length, before, after)
