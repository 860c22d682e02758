# SPDX-License-Identifier: Apache-2.0
"""Loads a user's own texts from a file with one JSON object per line."""

import functools
import json
import os
from typing import NamedTuple

import numpy as np

from lurl_tf import files
from lurl_tf.structures import LabelledExamples
from lurl_tf.tasks.examples import check_class_names
from lurl_tf.tasks.images.image_format import ImageFormat
from lurl_tf.tasks.sources.bag_of_words import bags_of_words, fit_vocabulary
from lurl_tf.tasks.sources.data_set import DataSet
from lurl_tf.tasks.sources.hash_split import hash_split
from lurl_tf.tasks.sources.split_slices import split_slices, splits_of_sizes


class LabelledText(NamedTuple):
  """Contents of a line.

  Attributes:
    text: Text of the example.
    label: Label of its class.
  """

  text: str
  label: str | int


class JsonlDataSet(DataSet):
  """Labelled texts, one JSON object per line.

  A line looks like `{"text": "Good.", "label": "positive"}`; labels are all
  strings or all integers. Other fields and blank lines are ignored. A fifth of
  every class is held out for `test`, chosen by a hash of the line number, so
  that it is always the same.

  Args:
    path: Path of the file.
  """

  holds_images = False

  def __init__(self, path: str):
    super().__init__(f"jsonl:{path}")
    self._path = path

  @functools.cached_property
  def _lines(self) -> list[LabelledText]:
    return read_lines(self._path)

  def read(self, split: str, image_format: ImageFormat) -> LabelledExamples:
    """Reads one split; see `DataSet.read`.

    Args:
      split: `"train"`, `"test"`, or a slice such as `"train[:10%]"`.
      image_format: The default format; there are no images.

    Returns:
      The examples as bags of the most frequent words of the whole `"train"`
      split, uint8 0 or 255, in an order that mixes the classes. Classes are
      sorted by label.

    Raises:
      ValueError: If the file cannot be read, a line is malformed, a class has
        fewer than two examples, or a format is asked for; the message names
        the line or the class.
    """
    image_format.check_unused(self.name, "texts")
    lines, origin = self._lines, f"the file {self._path!r}"
    classes = sorted({line.label for line in lines})
    class_names = tuple(str(label) for label in classes)
    check_class_names(class_names, origin)
    indices = {label: index for index, label in enumerate(classes)}
    labels = np.array([indices[line.label] for line in lines], np.int32)
    rows = hash_split(labels, class_names, [str(n) for n in range(len(lines))])
    splits = splits_of_sizes({name: len(part) for name, part in rows.items()})
    chosen = np.concatenate(
      [rows[name][part] for name, part in split_slices(split, splits, origin)]
    )
    train_texts = [lines[row].text for row in rows["train"]]
    vocabulary = fit_vocabulary(train_texts, origin=origin)
    inputs = bags_of_words([lines[row].text for row in chosen], vocabulary)
    shape = inputs.shape[1:]
    return LabelledExamples(inputs, labels[chosen], class_names, shape)


def read_lines(path: str) -> list[LabelledText]:
  """Reads labelled texts.

  Args:
    path: Path of the file.

  Returns:
    Texts and labels; labels are all strings or all integers.

  Raises:
    ValueError: If the file cannot be read, or a line is malformed; the message
      names it.
  """
  try:
    lines = files.read_bytes(os.path.expanduser(path)).splitlines()
  except OSError as error:
    raise ValueError(
      f"A file of texts must be readable. Received: {path!r}, error={error}"
    ) from error
  found = []
  for number, line in enumerate(lines, 1):
    if not line.strip():
      continue
    where = f"line {number} of {path!r}"
    try:
      value = json.loads(line)
    except ValueError as error:
      raise ValueError(
        f"Every line must be a JSON object. Received: {where}, error={error}"
      ) from error
    found.append(_check_line(value, where))
    if type(found[-1].label) is not type(found[0].label):
      raise ValueError(
        "All fields 'label' must be strings, or all integers. Received: "
        f"label={found[-1].label!r} in {where}, after {found[0].label!r}"
      )
  if not found:
    raise ValueError(
      f"A file of texts must hold lines. Received: {path!r} without any"
    )
  return found


def _check_line(value: object, where: str) -> LabelledText:
  if not isinstance(value, dict) or not {"text", "label"} <= value.keys():
    held = ", ".join(value) if isinstance(value, dict) else repr(value)
    raise ValueError(
      "Every line must be a JSON object with the fields 'text' and 'label'. "
      f"Received: {held or 'no field'} in {where}"
    )
  text, label = value["text"], value["label"]
  if not isinstance(text, str) or not text.strip():
    raise ValueError(
      "The field 'text' must be a string that is not blank. "
      f"Received: text={text!r} in {where}"
    )
  try:
    text.encode()
  except UnicodeEncodeError as error:
    raise ValueError(
      f"The field 'text' must be Unicode. Received: {where}, error={error}"
    ) from error
  if not isinstance(label, str | int) or isinstance(label, bool):
    raise ValueError(
      "The field 'label' must be a string or an integer. "
      f"Received: label={label!r} in {where}"
    )
  return LabelledText(text, label)
