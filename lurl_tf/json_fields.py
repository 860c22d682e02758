# SPDX-License-Identifier: Apache-2.0
"""Reads frozen dataclasses from JSON, with an error that names the field."""

import contextlib
import dataclasses
import types
import typing
from typing import Any, Literal, TypeVar

_Fields = TypeVar("_Fields")


def from_json(kind: type[_Fields], value: Any, where: str = "") -> _Fields:
  """Makes a dataclass of a JSON object.

  JSON has lists in place of tuples and NamedTuples, and nested objects in place
  of nested dataclasses; a field that is absent takes its default.

  Args:
    kind: Dataclass of numbers, texts, booleans, `Literal`s, NamedTuples, tuples
      and unions of them, and dataclasses of such fields.
    value: JSON object, as `json.load` returns it.
    where: Name of the object for error messages; empty for that of `kind`.

  Returns:
    An instance of `kind`.

  Raises:
    ValueError: If a field is unknown, missing or of a wrong type, or `kind`
      refuses a value; names the field.
  """
  name = where or kind.__name__
  fields = {field.name: field for field in dataclasses.fields(kind)}
  if not isinstance(value, dict):
    raise ValueError(f"{name} must be an object. Received: {name}={value!r}")
  unknown = sorted(set(value) - set(fields))
  if unknown:
    raise ValueError(
      f"{name} must have fields among {', '.join(fields)}. "
      f"Received: {', '.join(unknown)}"
    )
  missing = [
    field.name
    for field in fields.values()
    if field.default is field.default_factory is dataclasses.MISSING
    and field.name not in value
  ]
  if missing:
    raise ValueError(
      f"{name} must have the field {', '.join(missing)}. "
      f"Received: {name}={value!r}"
    )
  hints = typing.get_type_hints(kind)
  converted = {
    field: _convert(hints[field], item, f"{where}.{field}" if where else field)
    for field, item in value.items()
  }
  try:
    return kind(**converted)
  except ValueError as error:
    raise ValueError(f"In {name}: {error}") from error


def _convert(hint: Any, value: Any, where: str) -> Any:
  """Converts the value of a field to its type."""
  origin, arguments = typing.get_origin(hint), typing.get_args(hint)
  if dataclasses.is_dataclass(hint):
    return from_json(hint, value, where)
  if _is_named_tuple(hint) and isinstance(value, list):
    kinds = typing.get_type_hints(hint)
    if len(value) == len(kinds):
      return hint(
        *(
          _convert(kind, item, f"{where}.{name}")
          for (name, kind), item in zip(kinds.items(), value)
        )
      )
  if origin is tuple and isinstance(value, list):
    kinds = arguments
    if len(arguments) == 2 and arguments[1] is ...:
      kinds = arguments[:1] * len(value)
    if len(kinds) == len(value):
      return tuple(
        _convert(kind, item, f"{where}[{index}]")
        for index, (kind, item) in enumerate(zip(kinds, value))
      )
  elif origin is Literal:
    if value in arguments:
      return value
  elif origin in (types.UnionType, typing.Union):
    if value is None and type(None) in arguments:
      return None
    others = [each for each in arguments if each is not type(None)]
    if len(others) == 1:  # with an error message of its own
      return _convert(others[0], value, where)
    for each in others:
      with contextlib.suppress(ValueError):
        return _convert(each, value, where)
  elif hint is float:
    if isinstance(value, int | float) and not isinstance(value, bool):
      return float(value)
  elif type(value) is hint:
    return value
  raise ValueError(f"`{where}` must be {_name(hint)}. Received: {value!r}")


def _is_named_tuple(hint: Any) -> bool:
  return isinstance(hint, type) and hasattr(hint, "_fields")


def _name(hint: Any) -> str:
  return hint.__name__ if isinstance(hint, type) else str(hint)
