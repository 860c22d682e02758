# SPDX-License-Identifier: Apache-2.0
"""Tests of the plan of truncations."""

import numpy as np
import pytest

from lurl_tf.meta.slots.schedule import (
  SlotSchedule,
  new_schedule,
  plan_truncation,
)


def run(plans, slots=8, lengths=(3, 10), horizons=(40, 60), multiple=1, seed=0):
  """Successive plans of a run."""
  schedule, made = new_schedule(slots), []
  for truncation in range(plans):
    plan = plan_truncation(
      schedule, lengths, horizons, multiple, seed, truncation
    )
    made.append(plan)
    schedule = plan.after
  return made


def test_all_slots_begin_with_the_first_plan():
  (first,) = run(1)
  assert first.reset.all()
  assert first.before.age.tolist() == [0] * 8
  assert first.before.generation.tolist() == [1] * 8
  assert first.after.age.tolist() == [first.length] * 8


def test_ages_count_steps_and_restart_at_the_horizon():
  plans = run(200)
  for previous, plan in zip(plans, plans[1:]):
    due = previous.after.age >= previous.after.horizon
    np.testing.assert_array_equal(plan.reset, due)
    kept = ~due
    for before, after in zip(plan.before, previous.after):
      np.testing.assert_array_equal(before[kept], after[kept])
    assert (plan.before.age[due] == 0).all()
    np.testing.assert_array_equal(
      plan.before.generation, previous.after.generation + due
    )
    np.testing.assert_array_equal(plan.after.age, plan.before.age + plan.length)
    np.testing.assert_array_equal(plan.after.horizon, plan.before.horizon)
    # A truncation begins before the horizon.
    assert (plan.before.age < plan.before.horizon).all()
  assert plans[-1].before.generation.min() >= 15


def test_arrays_are_int32():
  plan = run(2)[-1]
  for array in (*plan.before, *plan.after):
    assert array.dtype == np.int32


@pytest.mark.parametrize("multiple", [1, 2, 3, 5])
def test_lengths_are_multiples_within_their_bounds(multiple):
  lengths = {plan.length for plan in run(150, multiple=multiple)}
  assert lengths == {
    length for length in range(3, 11) if length % multiple == 0
  }


def test_a_length_between_multiples_is_rounded_down():
  """Stacks hold data for the largest length only."""
  assert {plan.length for plan in run(20, lengths=(5, 5), multiple=3)} == {3}
  assert {plan.length for plan in run(20, lengths=(1, 3), multiple=3)} == {3}


def test_one_length():
  assert {plan.length for plan in run(30, lengths=(4, 4))} == {4}


def test_horizons_are_within_their_bounds():
  horizons = [
    horizon
    for plan in run(400)
    for horizon, generation in zip(plan.before.horizon, plan.before.generation)
    if generation > 1
  ]
  assert (min(horizons), max(horizons)) == (40, 60)
  assert len(set(horizons)) == 21


def test_first_horizons_are_staggered():
  (first,) = run(1, horizons=(40, 40))
  assert first.before.horizon.tolist() == [5, 10, 15, 20, 25, 30, 35, 40]
  (first,) = run(1, slots=3, lengths=(1, 5), horizons=(2, 2))
  assert first.before.horizon.tolist() == [1, 2, 2]


def test_whole_lives_are_not_staggered():
  for plan in run(4, slots=3, lengths=(20, 20), horizons=(20, 20)):
    assert plan.before.horizon.tolist() == [20] * 3
    assert plan.before.age.tolist() == [0] * 3
    assert plan.reset.all()


def test_slots_are_out_of_phase():
  """With equal horizons and lengths, ages would else be equal for ever."""
  plans = run(100, lengths=(5, 5), horizons=(40, 40))
  for plan in plans[8:]:
    assert sorted(plan.before.age) == [0, 5, 10, 15, 20, 25, 30, 35]


def test_a_plan_is_a_function_of_book_and_key():
  schedule = SlotSchedule(
    *(np.arange(k, k + 6, dtype=np.int32) for k in (30, 33, 0))
  )

  def plan(*key):
    return plan_truncation(schedule, (1, 1000), (40, 4000), 1, *key)

  copies = [array.copy() for array in schedule]
  first, again = plan(3, 4), plan(3, 4)
  assert first.length == again.length
  for one, other in zip(
    (first.reset, *first.before, *first.after),
    (again.reset, *again.before, *again.after),
  ):
    np.testing.assert_array_equal(one, other)
  for array, copy in zip(schedule, copies):
    np.testing.assert_array_equal(array, copy)
  lengths = {plan(*key).length for key in ((3, 4), (3, 5), (4, 4), (4, 3))}
  assert len(lengths) == 4


def test_horizons_do_not_depend_on_lengths():
  one = run(1, lengths=(5, 5), horizons=(40, 4000))[0]
  other = run(1, lengths=(1, 900), horizons=(40, 4000))[0]
  np.testing.assert_array_equal(one.before.horizon, other.before.horizon)
