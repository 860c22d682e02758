# SPDX-License-Identifier: Apache-2.0
"""Splits examples that have no test split, always in the same way."""

import hashlib
import os
from collections.abc import Sequence

import numpy as np

HELD_OUT_SHARE = 0.2


def hash_order(keys: Sequence[str]) -> np.ndarray:
  """Orders examples by a hash of their keys, which mixes the classes.

  Unlike a shuffled order, a hash does not depend on versions of libraries.

  Args:
    keys: Key of each example, such as a file name.

  Returns:
    Row numbers `[b]`.
  """
  digests = [hashlib.sha256(os.fsencode(key)).digest() for key in keys]
  return np.array(sorted(range(len(keys)), key=digests.__getitem__), np.int64)


def hash_split(
  labels: np.ndarray, class_names: Sequence[str], keys: Sequence[str]
) -> dict[str, np.ndarray]:
  """Holds out a fifth of every class, chosen by a hash of the keys.

  Args:
    labels: Class indices `[b]`.
    class_names: Name of each class.
    keys: Key of each example; see `hash_order`.

  Returns:
    Row numbers of `"train"` and `"test"`, in the order of the hash. Every class
    is in both.

  Raises:
    ValueError: If a class has fewer than two examples; the message names it.
  """
  order = hash_order(keys)
  held_out = np.zeros(len(labels), bool)
  for label, name in enumerate(class_names):
    members = order[labels[order] == label]
    if len(members) < 2:
      raise ValueError(
        "Every class must have two or more examples, to be split into train "
        f"and test. Received: class {name!r} with {len(members)}"
      )
    count = max(1, round(HELD_OUT_SHARE * len(members)))
    held_out[members[:count]] = True
  return {"train": order[~held_out[order]], "test": order[held_out[order]]}
