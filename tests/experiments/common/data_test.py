# SPDX-License-Identifier: Apache-2.0
"""Tests that both splits are loaded as the flags ask."""

import pytest
from absl import flags
from absl.testing import flagsaver

from experiments.common import data


def test_options_come_from_flags(monkeypatch):
  calls = []

  def load(*options):
    calls.append(options)
    return options[1]

  monkeypatch.setattr(data, "load_examples", load)
  flags.FLAGS.mark_as_parsed()
  with flagsaver.as_parsed(data_dir="/data", channels="3", resize="stride"):
    assert data.load_splits("mnist", 14) == ("train", "test")
  assert calls == [
    ("mnist", split, "/data", 14, 3, "stride") for split in ("train", "test")
  ]


@pytest.mark.parametrize(
  ("name", "asked", "expected"),
  [
    ("lurl_digits", {}, 9),
    ("lurl_digits", {"image_size": "5"}, 5),
    ("lurl_two_moons", {"image_size": "5"}, None),
  ],
)
def test_image_size_is_the_flag_or_that_of_the_rule(name, asked, expected):
  flags.FLAGS.mark_as_parsed()
  with flagsaver.as_parsed(**asked):
    assert data.image_size_for(name, 9) == expected
