# SPDX-License-Identifier: Apache-2.0
"""Splits a data set's classes into those to learn from and those held out."""

import hashlib
from collections.abc import Sequence

from lurl_tf.tasks.distributions.data_source import ClassPart


def split_classes(
  class_names: Sequence[str], held_out_share: float, part: ClassPart
) -> tuple[int, ...]:
  """The labels of one part of the classes.

  Which classes are held out depends on their names alone, by a hash: it is the
  same in every run and for every order of the classes.

  Args:
    class_names: a name per label.
    held_out_share: share of the classes that is held out, rounded, but one at
      least.
    part: `"all"`, `"meta_train"` or `"held_out"`.

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
