# SPDX-License-Identifier: Apache-2.0
"""Tests of the description of a run in its folder."""

import json
import re

import pytest

from lurl_tf.meta.inner.unroll_config import UnrollConfig
from lurl_tf.meta.runs.description import (
  differing_fields,
  read_config_fields,
  read_description,
  read_fields,
)
from lurl_tf.meta.train_config import MetaTrainConfig


def write(folder, fields):
  (folder / "run.json").write_text(json.dumps(fields))


def test_a_description_round_trips(tmp_path):
  config = MetaTrainConfig(seed=3, unroll=UnrollConfig(recompute="elementwise"))
  write(tmp_path, {"tasks": "quick", "config": config.to_json()})
  assert read_description(tmp_path) == ("quick", config)


def test_dropped_fields_at_their_old_default_are_ignored(tmp_path):
  config = MetaTrainConfig().to_json()
  config["unroll"] |= {"keep_products": False}
  write(tmp_path, {"tasks": "quick", "config": config})
  assert read_description(tmp_path).config == MetaTrainConfig()
  config["unroll"]["keep_products"] = True
  write(tmp_path, {"tasks": "quick", "config": config})
  with pytest.raises(ValueError, match="`unroll.keep_products` is gone"):
    read_description(tmp_path)


def test_some_fields_of_a_run_that_may_not_exist(tmp_path):
  assert read_config_fields(tmp_path, ["seed"]) == {}
  config = MetaTrainConfig(seed=3, decay_steps=7).to_json()
  write(tmp_path, {"tasks": "quick", "config": config})
  found = read_config_fields(tmp_path, ["seed", "decay_steps"])
  assert found == {"seed": 3, "decay_steps": 7}


def test_a_folder_without_a_run_is_named(tmp_path):
  message = f"run.json. Received: {str(tmp_path)!r}"
  for read in (read_description, read_fields):
    with pytest.raises(FileNotFoundError, match=re.escape(message)):
      read(tmp_path)


@pytest.mark.parametrize(
  "text",
  [
    '{"tasks": "x"',
    '{"tasks": "x"}',
    "[]",
    '{"tasks": "x", "config": 1}',
    '{"tasks": "x", "config": {"unroll": 1}}',
  ],
)
def test_a_damaged_description_is_named(tmp_path, text):
  file = tmp_path / "run.json"
  file.write_text(text)
  message = f"must be whole, and of this version. Received: {file}, "
  for read in (read_description, read_fields):
    with pytest.raises(ValueError, match=re.escape(message)):
      read(tmp_path)


def test_a_field_of_another_version_is_named(tmp_path):
  write(tmp_path, {"tasks": "x", "config": {"unroll": {"colour": "red"}}})
  with pytest.raises(ValueError, match="run.json, .*colour"):
    read_description(tmp_path)


def test_equal_descriptions_do_not_differ():
  description = {"tasks": "x", "config": {"units": [8, 4], "seed": 0}}
  again = json.loads(json.dumps(description))
  assert differing_fields(description, again) == []


def test_all_differing_fields_are_named():
  one = {"a": 1, "b": {"c": [1], "d": {"e": True}}, "f": {"g": 0}}
  other = {"a": 2, "b": {"c": [1], "d": {"e": False}}, "f": 0, "h": "x"}
  assert differing_fields(one, other) == [
    "a: 1 became 2",
    "b.d.e: True became False",
    "f: {'g': 0} became 0",
    "h: None became x",
  ]


def test_absent_fields_are_completed(tmp_path):
  config = {"seed": 3, "unroll": {"max_steps": 17}}
  write(tmp_path, {"tasks": "quick", "config": config})
  expected = MetaTrainConfig(
    seed=3, unroll=UnrollConfig(max_steps=17)
  ).to_json()
  assert read_fields(tmp_path) == {
    "tasks": "quick",
    "replicas": 1,
    "initial_rule": None,
    "config": expected,
  }
