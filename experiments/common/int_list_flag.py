# SPDX-License-Identifier: Apache-2.0
"""An absl flag that holds whole numbers, such as `--units=128,32`."""

from collections.abc import Sequence

from absl import flags

# A flag defined through this file belongs to the file that asked for it:
# `--help` lists it there.
flags.disclaim_key_flags()


class _IntListParser(flags.ArgumentParser):
  """Turns "128,32" into (128, 32)."""

  syntactic_help = "whole numbers separated by commas"

  def __init__(self, minimum: int):
    self._minimum = minimum

  def parse(self, argument: str | Sequence[int]) -> tuple[int, ...]:
    parts = argument.split(",") if isinstance(argument, str) else argument
    try:
      numbers = tuple(int(part) for part in parts)
    except ValueError:
      numbers = ()
    if not numbers or min(numbers) < self._minimum:
      raise ValueError(
        "expected whole numbers separated by commas, each at least "
        f"{self._minimum}. Received: {argument!r}"
      )
    return numbers

  def flag_type(self) -> str:
    return "whole numbers separated by commas"


class _IntListSerializer(flags.ArgumentSerializer):
  """Turns (128, 32) into "128,32"."""

  def serialize(self, value: Sequence[int]) -> str:
    return ",".join(map(str, value))


def define_int_list(
  name: str,
  default: Sequence[int] | None,
  help_text: str,
  minimum: int = 1,
  flag_values: flags.FlagValues = flags.FLAGS,
) -> flags.FlagHolder:
  """Defines a flag whose value is a tuple of ints, or None if not given.

  Args:
    name: the flag's name.
    default: the value when the flag is not given.
    help_text: one sentence for `--help`.
    minimum: the least number allowed.
    flag_values: where the flag is registered.

  Returns:
    A holder; `.value` is the tuple.

  Raises:
    absl.flags.IllegalFlagValueError: when flags are parsed, if the text is
      not such a list.
  """
  return flags.DEFINE(
    _IntListParser(minimum),
    name,
    default,
    help_text,
    flag_values,
    _IntListSerializer(),
  )
