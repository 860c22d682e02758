# SPDX-License-Identifier: Apache-2.0
"""Tests of reading dataclasses from JSON."""

import dataclasses
import json
from typing import Literal

import pytest

from lurl_tf.json_fields import from_json


@dataclasses.dataclass(frozen=True)
class Inner:
  """Nested."""

  size: int
  color: Literal["red", "blue"] = "red"

  def __post_init__(self):
    if self.size < 0:
      raise ValueError(f"`size` is negative. Received: size={self.size}")


@dataclasses.dataclass(frozen=True)
class Outer:
  """One field of every kind."""

  inners: tuple[Inner, ...]
  name: str = ""
  share: float = 0.5
  flag: bool = False
  pair: tuple[float, float] = (0.0, 1.0)
  maybe: int | None = 3
  strength: float | Literal["auto"] = "auto"


@pytest.mark.parametrize(
  "value",
  [
    Outer(()),
    Outer((Inner(1), Inner(2, "blue")), "x", 2.0, True, (1.0, 2.0), None, 0.25),
  ],
)
def test_a_round_trip(value):
  text = json.dumps(dataclasses.asdict(value))
  assert from_json(Outer, json.loads(text)) == value


def test_absent_fields_take_their_defaults_and_integers_become_floats():
  value = from_json(Outer, {"inners": [], "share": 1})
  assert value == Outer((), share=1.0)
  assert type(value.share) is float


@pytest.mark.parametrize(
  ("value", "message"),
  [
    ([], r"Outer must be an object. Received: Outer=\[\]"),
    ({}, "Outer must have the field inners"),
    ({"inners": [], "nme": 1, "x": 2}, "among inners, name.*Received: nme, x"),
    ({"inners": {}}, "`inners` must be tuple.*Received: {}"),
    ({"inners": [3]}, r"inners\[0\] must be an object"),
    ({"inners": [{"size": 1.5}]}, r"`inners\[0\].size` must be int"),
    ({"inners": [{"size": True}]}, r"`inners\[0\].size` must be int"),
    (
      {"inners": [{"size": 1}, {"size": 1, "color": "green"}]},
      r"`inners\[1\].color` must be .*'red'.*Received: 'green'",
    ),
    ({"inners": [{"size": -1}]}, r"In inners\[0\]: `size` is negative"),
    ({"inners": [], "pair": [1.0]}, "`pair` must be tuple"),
    ({"inners": [], "share": "1"}, "`share` must be float. Received: '1'"),
    ({"inners": [], "share": True}, "`share` must be float. Received: True"),
    ({"inners": [], "flag": 1}, "`flag` must be bool. Received: 1"),
    ({"inners": [], "maybe": "3"}, "`maybe` must be int. Received: '3'"),
    ({"inners": [], "strength": "much"}, "`strength` must be .*auto"),
  ],
)
def test_what_is_wrong_is_named(value, message):
  with pytest.raises(ValueError, match=message):
    from_json(Outer, value)
