# SPDX-License-Identifier: Apache-2.0
"""Which slot does what next: ages, horizons and restarts.

A plan needs no result from a device, so that data can be drawn ahead. It is a
function of a seed and a counter, so that a resumed run plans the same.
"""

from typing import NamedTuple

import numpy as np

from lurl_tf.random_numbers import Stream


class SlotSchedule(NamedTuple):
  """Progress of every slot between truncations, each `[t]` integers.

  Attributes:
    age: Inner steps done.
    horizon: Inner steps after which the slot restarts.
    generation: Number of starts.
  """

  age: np.ndarray
  horizon: np.ndarray
  generation: np.ndarray


class TruncationPlan(NamedTuple):
  """Plan of one truncation.

  Attributes:
    reset: `[t]` bool, the slots that restart.
    length: Inner steps of this truncation.
    before: `SlotSchedule` at its start.
    after: `SlotSchedule` at its end.
  """

  reset: np.ndarray
  length: int
  before: SlotSchedule
  after: SlotSchedule


def new_schedule(slots: int) -> SlotSchedule:
  """The schedule of slots that never ran: all start with the next plan.

  Args:
    slots: Number of slots.

  Returns:
    `SlotSchedule`.
  """
  zeros = np.zeros(slots, np.int32)
  return SlotSchedule(zeros, zeros, zeros)


def plan_truncation(
  schedule: SlotSchedule,
  lengths: tuple[int, int],
  horizons: tuple[int, int],
  multiple: int,
  *key: int,
) -> TruncationPlan:
  """Plans the next truncation.

  The first horizons are staggered over the slots. From then on slots are out of
  phase, and a batch of them is a mixture of young and old states. Horizons are
  not staggered where every truncation is a whole inner training.

  Args:
    schedule: `SlotSchedule` before the truncation.
    lengths: Minimum and maximum steps of a truncation. If no multiple lies
      between them, the next one below is taken.
    horizons: Minimum and maximum inner steps of an inner training.
    multiple: Divisor of the length of the truncation.
    *key: Integers that identify the draw, such as a seed and a counter.

  Returns:
    `TruncationPlan`.
  """
  generator = np.random.default_rng([Stream.TRUNCATION_LENGTH, *key])
  high = lengths[1] // multiple
  low = min(-(-lengths[0] // multiple), high)
  length = multiple * int(generator.integers(low, high + 1))
  slots = len(schedule.age)
  reset = schedule.age >= schedule.horizon
  generator = np.random.default_rng([Stream.HORIZON, *key])
  drawn = generator.integers(horizons[0], horizons[1] + 1, slots)
  staggered = -(-drawn * (np.arange(slots) + 1) // slots)
  if lengths[0] < horizons[1]:
    drawn = np.where(schedule.generation == 0, staggered, drawn)
  before = SlotSchedule(
    age=np.where(reset, 0, schedule.age).astype(np.int32),
    horizon=np.where(reset, drawn, schedule.horizon).astype(np.int32),
    generation=(schedule.generation + reset).astype(np.int32),
  )
  after = before._replace(age=before.age + np.int32(length))
  return TruncationPlan(reset, length, before, after)
