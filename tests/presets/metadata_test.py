# SPDX-License-Identifier: Apache-2.0
"""Tests of a rule's metadata, and of reading older ones."""

import dataclasses
import json

import pytest

from lurl_tf.presets.metadata import PresetMetadata, Score, read_metadata


def test_what_json_keeps_is_read_back():
  metadata = PresetMetadata(
    outer_steps=3,
    validation=Score(3, 0.5, 0.25),
    curve=(Score(1, 2.0, 0.5), Score(3, 1.0)),
    good_for="images",
  )
  text = json.dumps(dataclasses.asdict(metadata))
  assert json.loads(text)["validation"] == [3, 0.5, 0.25]
  assert read_metadata(json.loads(text)) == metadata


def test_metadata_of_version_0_1_is_read():
  metadata = read_metadata(
    {
      "meta_steps": 40,
      "validation_loss": 0.25,
      "curves": [
        {"name": "meta-training loss", "steps": [20, 40], "values": [2, 1]},
        {"name": "meta-training accuracy", "steps": [20], "values": [0.5]},
        {"name": "meta-validation loss", "steps": [40], "values": [0.26]},
        {"name": "meta-validation accuracy", "steps": [40], "values": [0.6]},
        {"name": "mnist accuracy", "steps": [40], "values": [0.75]},
      ],
    }
  )
  assert metadata == PresetMetadata(
    outer_steps=40,
    validation=Score(40, 0.25, 0.6),
    curve=(Score(20, 2.0, 0.5), Score(40, 1.0)),
    validation_curve=(Score(40, 0.26, 0.6),),
  )
  assert read_metadata({"validation_loss": None}).validation is None


def test_unknown_fields_are_refused_by_name():
  with pytest.raises(ValueError, match="Received: colour"):
    read_metadata({"colour": "blue"})
  with pytest.raises(ValueError, match="must be an object"):
    read_metadata([1])


def test_a_wrong_score_is_refused_by_name():
  with pytest.raises(ValueError, match="`validation.loss` must be float"):
    read_metadata({"validation": [1, "low", None]})
  with pytest.raises(ValueError, match="`validation` must be Score"):
    read_metadata({"validation": [1]})


def test_hours():
  assert PresetMetadata(wall_time_seconds=1800.0).hours == 0.5
