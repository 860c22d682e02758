# SPDX-License-Identifier: Apache-2.0
"""Flags made from the fields of a dataclass.

Name, type, default and help of a flag are those of the field: they are written
once, in the dataclass and its docstring.
"""

import dataclasses
import inspect
import re
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, NamedTuple

from absl import flags

# A flag belongs to the file that makes the `DataclassFlags`: `--help` lists it
# there.
flags.disclaim_key_flags()

# An argument in the section Args of a docstring without its indentation.
_ENTRY = re.compile(r"  (\w+): (.*)")


class _FieldFlag(NamedTuple):
  """Flag of a field.

  Attributes:
    field: Name of the field.
    holder: `FlagHolder` of the flag.
    convert: Function from the flag's value to the field's.
  """

  field: str
  holder: flags.FlagHolder
  convert: Callable[[Any], Any]


class DataclassFlags:
  """Defines a flag for each of some fields of a dataclass.

  Args:
    kind: Dataclass. Its fields are booleans, numbers, texts, `Literal`s of
      texts, tuples of numbers or texts, and unions of a number and a text, all
      of them with or without None. The section Args of its docstring has an
      entry for each.
    names: Names of the fields.
    renamed: Dict from the name of a field to that of its flag, where they
      differ.
    default: Text on the default value, for flags whose value is None where they
      are not given. Default: the flags have the defaults of the fields.
    flag_values: `FlagValues` that the flags are registered with.

  Raises:
    ValueError: If the docstring lacks a field.
  """

  def __init__(
    self,
    kind: type,
    names: Sequence[str],
    renamed: Mapping[str, str] | None = None,
    default: str | None = None,
    flag_values: flags.FlagValues = flags.FLAGS,
  ):
    hints, documented = typing.get_type_hints(kind), argument_texts(kind)
    defaults = {each.name: each.default for each in dataclasses.fields(kind)}
    self._flags = []
    for name in names:
      if name not in documented:
        raise ValueError(
          f"The docstring of {kind.__name__} must document its fields. "
          f"Received: no entry of {name!r}"
        )
      text = documented[name]
      if default is not None:
        text = f"{text} Default: {default}."
      self._flags.append(
        _FieldFlag(
          name,
          *_define(
            (renamed or {}).get(name, name),
            hints[name],
            defaults[name] if default is None else None,
            text,
            flag_values,
          ),
        )
      )

  def given(self) -> dict[str, Any]:
    """Values of the flags on the command line, by the names of the fields.

    Raises:
      ValueError: If a list holds a text that is no number.
    """
    return {
      name: convert(holder.value)
      for name, holder, convert in self._flags
      if holder.present
    }


def argument_texts(kind: type) -> dict[str, str]:
  """Reads the section Args of a docstring.

  Args:
    kind: Class with a docstring.

  Returns:
    Dict from the name of an argument to its text, in one line.
  """
  lines = inspect.getdoc(kind).partition("\nArgs:\n")[2].splitlines()
  texts: dict[str, str] = {}
  name = None
  for line in lines:
    if not line.startswith("  "):
      break
    entry = _ENTRY.fullmatch(line)
    if entry:
      name = entry[1]
      texts[name] = entry[2]
    elif name:
      texts[name] += f" {line.strip()}"
  return texts


def _define(name, hint, default, text, flag_values):
  """The holder of a new flag, and the conversion of its value."""
  text = text.replace("`", "")
  origin, arguments = typing.get_origin(hint), typing.get_args(hint)
  if origin in (types.UnionType, typing.Union):
    others = [each for each in arguments if each is not type(None)]
    if len(others) > 1:  # such as a number, or a word
      default = None if default is None else str(default)
      define = flags.DEFINE_string
      holder = define(name, default, text, flag_values=flag_values)
      return holder, _number_or_text
    return _define(name, others[0], default, text, flag_values)
  if origin is Literal:
    holder = flags.DEFINE_enum(
      name, default, list(arguments), text, flag_values=flag_values
    )
    return holder, str
  if origin is tuple:
    texts = None if default is None else [str(each) for each in default]
    holder = flags.DEFINE_list(name, texts, text, flag_values=flag_values)
    return holder, lambda values: tuple(map(arguments[0], values))
  define = {
    bool: flags.DEFINE_bool,
    int: flags.DEFINE_integer,
    float: flags.DEFINE_float,
    str: flags.DEFINE_string,
  }[hint]
  return define(name, default, text, flag_values=flag_values), hint


def _number_or_text(value: str) -> float | str:
  try:
    return float(value)
  except ValueError:
    return value
