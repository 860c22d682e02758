# SPDX-License-Identifier: Apache-2.0
"""absl flags of integers separated by commas, such as `--units=128,32`."""

from collections.abc import Sequence

from absl import flags

# A flag belongs to the file that calls `define_int_list`: `--help` lists it
# there.
flags.disclaim_key_flags()


class _IntListParser(flags.ArgumentParser):
  """Parses "128,32" as (128, 32)."""

  syntactic_help = "integers separated by commas"

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
        "expected integers separated by commas, each at least "
        f"{self._minimum}. Received: {argument!r}"
      )
    return numbers

  def flag_type(self) -> str:
    return "integers separated by commas"


class _IntListSerializer(flags.ArgumentSerializer):
  """Writes (128, 32) as "128,32"."""

  def serialize(self, value: Sequence[int]) -> str:
    return ",".join(map(str, value))


def define_int_list(
  name: str,
  default: Sequence[int] | None,
  help_text: str,
  minimum: int = 1,
  flag_values: flags.FlagValues = flags.FLAGS,
) -> flags.FlagHolder:
  """Defines a flag whose value is a tuple of integers.

  Args:
    name: Name of the flag.
    default: Value of the flag if it is not given; may be None.
    help_text: Text for `--help`.
    minimum: Least number allowed.
    flag_values: `FlagValues` that the flag is registered with.

  Returns:
    `FlagHolder` whose `.value` is the tuple.

  Raises:
    absl.flags.IllegalFlagValueError: When flags are parsed, if the text is not
      such a list.
  """
  return flags.DEFINE(
    _IntListParser(minimum),
    name,
    default,
    help_text,
    flag_values,
    _IntListSerializer(),
  )
