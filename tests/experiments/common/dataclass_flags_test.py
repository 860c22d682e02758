# SPDX-License-Identifier: Apache-2.0
"""Tests of flags made from the fields of a dataclass."""

import dataclasses
from typing import Literal

import pytest
from absl import flags

from experiments.common.dataclass_flags import DataclassFlags, argument_texts


@dataclasses.dataclass(frozen=True)
class Options:
  """Options of nothing.

  Args:
    size: Number of things, which may be
      large.
    rate: Rate.
    loud: Whether it is loud.
    word: `"one"` word.
    mode: Mode.
    rates: Rates.
    names: Names.
    limit: Limit; None for none.
    ridge: Number or word.

  Raises:
    ValueError: Never.
  """

  size: int = 3
  rate: float = 0.5
  loud: bool = False
  word: str = "one"
  mode: Literal["fast", "slow"] = "fast"
  rates: tuple[float, ...] = (0.5, 0.25)
  names: tuple[str, ...] = ("a",)
  limit: int | None = None
  ridge: float | Literal["relative"] = "relative"
  secret: int = 0


NAMES = [each.name for each in dataclasses.fields(Options)][:-1]


def parse(*arguments, **options):
  values = flags.FlagValues()
  made = DataclassFlags(Options, NAMES, flag_values=values, **options)
  values(["script", *arguments])
  return made, values


def test_defaults_and_help_are_those_of_the_fields():
  made, values = parse()
  assert made.given() == {}
  assert values["size"].value == 3
  assert values["size"].help == "Number of things, which may be large."
  assert values["word"].help == '"one" word.'
  assert values["rates"].value == ["0.5", "0.25"]
  assert values["mode"].parser.enum_values == ["fast", "slow"]
  assert values["limit"].value is None
  assert values["ridge"].value == "relative"


def test_given_values_have_the_types_of_the_fields():
  arguments = {
    "size": "4",
    "rate": "2",
    "loud": "true",
    "word": "two",
    "mode": "slow",
    "rates": "1,2",
    "names": "b,c",
    "limit": "7",
    "ridge": "0.25",
  }
  made, _ = parse(*(f"--{name}={text}" for name, text in arguments.items()))
  options = Options(**made.given())
  assert options == Options(
    4, 2.0, True, "two", "slow", (1.0, 2.0), ("b", "c"), 7, 0.25
  )
  assert isinstance(options.rate, float)
  made, _ = parse("--ridge=relative")
  assert made.given() == {"ridge": "relative"}
  # A given value counts, even if it is the default.
  made, _ = parse("--size=3")
  assert made.given() == {"size": 3}


def test_defaults_from_elsewhere_and_other_names():
  made, values = parse(
    "--number=5", renamed={"size": "number"}, default="that of the tasks"
  )
  assert made.given() == {"size": 5}
  assert values["rate"].value is None
  assert values["rate"].help == "Rate. Default: that of the tasks."


def test_an_undocumented_field_is_refused():
  with pytest.raises(ValueError, match="Received: no entry of 'secret'"):
    DataclassFlags(Options, ["secret"], flag_values=flags.FlagValues())
  assert list(argument_texts(Options)) == NAMES


def test_a_text_in_place_of_a_number_is_named():
  made, _ = parse("--rates=1,x")
  with pytest.raises(ValueError, match="'x'"):
    made.given()
