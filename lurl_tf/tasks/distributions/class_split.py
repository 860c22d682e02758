# SPDX-License-Identifier: Apache-2.0
"""Splits the classes of a data set into a training and a held-out part."""

import hashlib
from collections.abc import Sequence

from lurl_tf.tasks.distributions.data_source import ClassPart


def split_classes(
  class_names: Sequence[str], held_out_share: float, part: ClassPart
) -> tuple[int, ...]:
  """Returns the labels of one part of the classes.

  Classes are held out by a hash of their names, so that the split is the same
  in every run and for every order of the classes.

  Args:
    class_names: Name of each class.
    held_out_share: Share of the classes that is held out, rounded to at least
      one class.
    part: Part of the classes: `"all"`, `"meta_train"` or `"held_out"`.

  Returns:
    Labels in ascending order.

  Example:

  >>> names = ["ant", "bee", "cat", "dog", "eel"]
  >>> split_classes(names, 0.4, "meta_train")
  (2, 3, 4)
  >>> split_classes(names, 0.4, "held_out")
  (0, 1)
  """
  labels = range(len(class_names))
  if part == "all":
    return tuple(labels)
  order = sorted(labels, key=lambda label: _hash(class_names[label]))
  count = max(1, round(held_out_share * len(class_names)))
  chosen = order[:count] if part == "held_out" else order[count:]
  return tuple(sorted(chosen))


def _hash(name: str) -> bytes:
  return hashlib.sha256(name.encode()).digest()
