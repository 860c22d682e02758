# SPDX-License-Identifier: Apache-2.0
"""Tests of the split of classes."""

import hashlib
import random

import pytest

from lurl_tf.tasks.distributions.class_split import split_classes

NAMES = [f"class {number}" for number in range(50)]


@pytest.mark.parametrize("share", [0.001, 0.2, 0.5, 0.9])
def test_parts_are_disjoint_and_cover_all(share):
  train = split_classes(NAMES, share, "meta_train")
  held_out = split_classes(NAMES, share, "held_out")
  assert sorted(train + held_out) == list(range(50))
  assert split_classes(NAMES, share, "all") == tuple(range(50))
  assert len(held_out) == max(1, round(50 * share))
  for part in (train, held_out):
    assert list(part) == sorted(part)


def test_the_split_is_by_name_whatever_the_order():
  shuffled = random.Random(0).sample(NAMES, len(NAMES))
  names = {NAMES[label] for label in split_classes(NAMES, 0.2, "held_out")}
  assert names == {
    shuffled[label] for label in split_classes(shuffled, 0.2, "held_out")
  }
  # The ten smallest hashes, said in another way.
  hashes = {hashlib.sha256(n.encode()).hexdigest(): n for n in NAMES}
  assert names == {hashes[each] for each in sorted(hashes)[:10]}
