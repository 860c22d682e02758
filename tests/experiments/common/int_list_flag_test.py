# SPDX-License-Identifier: Apache-2.0
"""Tests of the flag that holds whole numbers."""

import pytest
from absl import flags

from experiments.common import int_list_flag


def define(default=None, minimum=1):
  flag_values = flags.FlagValues()
  holder = int_list_flag.define_int_list(
    "units", default, "Units.", minimum=minimum, flag_values=flag_values
  )
  return flag_values, holder


def test_value_is_a_tuple_of_ints():
  flag_values, holder = define()
  flag_values(["program", "--units=128,32"])
  assert holder.value == (128, 32)


def test_default():
  flag_values, holder = define(default=(64, 64))
  flag_values(["program"])
  assert holder.value == (64, 64)
  flag_values, holder = define()
  flag_values(["program"])
  assert holder.value is None


@pytest.mark.parametrize("text", ["", "a", "128,", "1.5", "0,3", "-1"])
def test_other_text_is_refused(text):
  flag_values, _ = define()
  with pytest.raises(flags.IllegalFlagValueError, match="Received: "):
    flag_values(["program", f"--units={text}"])


def test_minimum():
  flag_values, holder = define(minimum=0)
  flag_values(["program", "--units=0,10"])
  assert holder.value == (0, 10)


def test_value_is_written_as_it_is_read():
  flag_values, _ = define()
  flag_values(["program", "--units=128,32"])
  assert flag_values["units"].serialize() == "--units=128,32"


def test_flag_belongs_to_the_file_that_asked_for_it():
  flag_values, _ = define()
  assert list(flag_values.flags_by_module_dict()) == [__name__]
