# SPDX-License-Identifier: Apache-2.0
"""Tests of texts out of a file of lines."""

import json

import numpy as np
import pytest

from lurl_tf.tasks.images.image_format import ImageFormat
from lurl_tf.tasks.sources.jsonl_source import (
  JsonlDataSet,
  LabelledText,
  read_lines,
)


def load_jsonl(path, split):
  return JsonlDataSet(path).read(split, ImageFormat())


GOOD = '{"text": "good", "label": "positive"}\n'
LINES = [
  {"text": f"{label} common {label}{number}", "label": label, "other": None}
  for number in range(10)
  for label in ("sad", "glad")
]


@pytest.fixture(name="path")
def fixture_path(tmp_path):
  path = tmp_path / "mine.jsonl"
  path.write_text("\n\n".join(map(json.dumps, LINES)))  # with blank lines
  return str(path)


def test_splits_share_the_vocabulary_of_train(path):
  train, test = (load_jsonl(path, split) for split in ("train", "test"))
  assert train.class_names == test.class_names == ("glad", "sad")
  assert np.bincount(train.labels).tolist() == [8, 8]
  assert np.bincount(test.labels).tolist() == [2, 2]
  # "common", "sad", "glad", and a word of its own for every training text.
  assert train.inputs.shape == (16, 3 + 16)
  assert test.inputs.shape == (4, 3 + 16)
  assert train.image_shape == test.image_shape == (3 + 16,)
  assert train.inputs.dtype == test.inputs.dtype == np.uint8
  np.testing.assert_array_equal(train.inputs.sum(axis=1), 3 * 255)
  np.testing.assert_array_equal(test.inputs.sum(axis=1), 2 * 255)
  # The most frequent words come first.
  for examples in (train, test):
    of_classes = {
      tuple(bag[1:3]): label
      for bag, label in zip(examples.inputs, examples.labels)
    }
    assert of_classes == {(255, 0): 1, (0, 255): 0}


def test_a_slice_has_the_vocabulary_of_all(path):
  train = load_jsonl(path, "train")
  part = load_jsonl(path, "train[2:5]")
  np.testing.assert_array_equal(part.inputs, train.inputs[2:5])
  np.testing.assert_array_equal(part.labels, train.labels[2:5])


def test_integers_are_ordered_as_numbers(tmp_path):
  path = tmp_path / "mine.jsonl"
  rows = [{"text": "a", "label": label} for label in (10, 9, -1)] * 5
  path.write_text("\n".join(map(json.dumps, rows)))
  examples = load_jsonl(str(path), "train+test")
  assert examples.class_names == ("-1", "9", "10")
  assert np.bincount(examples.labels).tolist() == [5, 5, 5]


def test_lines_end_at_line_feeds_only(tmp_path):
  path = tmp_path / "mine.jsonl"
  text = '{"text": "a\u2028b\\n", "label": "é"}\r\n'
  path.write_bytes(b"\xef\xbb\xbf" + text.encode())
  assert read_lines(str(path)) == [LabelledText("a\u2028b\n", "é")]


@pytest.mark.parametrize(
  ("line", "message"),
  [
    ('{"text": "good"', "must be a JSON object. Received: line 2 of"),
    ("good", "must be a JSON object. Received: line 2 of"),
    (b'{"text": "\xff", "label": 1}', "Received: line 2 of"),
    ('["good", "positive"]', r"Received: \['good', 'positive'\] in line 2"),
    ('{"label": "positive"}', "'text' and 'label'. Received: label in line 2"),
    ('{"text": "good"}', "Received: text in line 2"),
    ("{}", "Received: no field in line 2"),
    ('{"text": 3, "label": "positive"}', "'text' .* text=3 in line 2"),
    ('{"text": " ", "label": "positive"}', "'text' .* text=' ' in line 2"),
    (r'{"text": "\ud800", "label": "positive"}', "Unicode. Received: line 2"),
    ('{"text": "good", "label": true}', "'label' .* label=True in line 2"),
    ('{"text": "good", "label": 1.0}', "label=1.0 in line 2"),
    ('{"text": "good", "label": null}', "label=None in line 2"),
    ('{"text": "good", "label": 1}', "label=1 in line 2.*after 'positive'"),
  ],
)
def test_a_malformed_line_is_named(tmp_path, line, message):
  path = tmp_path / "mine.jsonl"
  line = line if isinstance(line, bytes) else line.encode()
  path.write_bytes(GOOD.encode() + line + b"\n" + GOOD.encode())
  with pytest.raises(ValueError, match=message) as caught:
    load_jsonl(str(path), "train")
  assert "mine.jsonl" in str(caught.value)


@pytest.mark.parametrize(
  ("contents", "message"),
  [
    ("", "must hold lines"),
    ("\n \n", "must hold lines"),
    (GOOD * 3, "two or more classes. Received: positive in"),
    (GOOD * 2 + '{"text": "a", "label": "b"}', "class 'b' with 1"),
    (
      '{"text": "?", "label": 1}\n{"text": "!", "label": 2}\n' * 2,
      "2 texts without words in the file .*mine.jsonl",
    ),
  ],
)
def test_too_few_lines_raise(tmp_path, contents, message):
  path = tmp_path / "mine.jsonl"
  path.write_text(contents)
  with pytest.raises(ValueError, match=message):
    load_jsonl(str(path), "train")


def test_a_missing_file_and_split_are_named(tmp_path, path):
  with pytest.raises(ValueError, match="must be readable.*gone.jsonl"):
    load_jsonl(str(tmp_path / "gone.jsonl"), "train")
  with pytest.raises(ValueError, match="one of test, train.*mine.jsonl"):
    load_jsonl(path, "valid")
