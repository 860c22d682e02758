# SPDX-License-Identifier: Apache-2.0
"""Tests of `lurl_two_moons` against its formula."""

import numpy as np
import pytest
import tensorflow_datasets as tfds

import lurl_tf.tasks  # noqa: F401, registers the builder


@pytest.fixture(name="splits", scope="module")
def fixture_splits(tmp_path_factory):
  folder = tmp_path_factory.mktemp("tfds")
  return tfds.load("lurl_two_moons", data_dir=folder, batch_size=-1)


def columns(splits):
  points = np.concatenate([part["point"] for part in splits.values()])
  labels = np.concatenate([part["label"] for part in splits.values()])
  return points, labels


def test_sizes_and_range(splits):
  assert splits["train"]["point"].shape == (2000, 2)
  assert splits["test"]["point"].shape == (1000, 2)
  points, labels = columns(splits)
  assert points.dtype == np.float32
  np.testing.assert_array_equal(points.min(axis=0), [0, 0])
  np.testing.assert_array_equal(points.max(axis=0), [1, 1])
  assert np.bincount(labels).tolist() == [1500, 1500]
  for part in splits.values():
    assert np.bincount(part["label"]).min() > 0.45 * len(part["label"])


def test_points_lie_near_two_half_circles(splits):
  points, labels = columns(splits)
  # Undo the scaling by the known means of the two half circles.
  scaled = [points[labels == label] for label in (0, 1)]
  means = np.array([each.mean(axis=0, dtype=np.float64) for each in scaled])
  centres = np.array([[0, 0], [1, 0.5]])
  known = centres + np.array([[0, 2 / np.pi], [0, -2 / np.pi]])
  scale = (known[1] - known[0]) / (means[1] - means[0])
  for label, sign in ((0, 1), (1, -1)):
    offsets = (scaled[label] - means[label]) * scale
    offsets += known[label] - centres[label]
    radii = np.linalg.norm(offsets, axis=1)
    assert abs(radii.mean() - 1) < 0.03
    assert 0.08 < radii.std() < 0.12
    assert (sign * offsets[:, 1] > -0.4).all()


def test_preparing_again_gives_the_same(splits, tmp_path):
  again = tfds.load("lurl_two_moons", data_dir=tmp_path, batch_size=-1)
  for name in ("train", "test"):
    for field in ("point", "label"):
      np.testing.assert_array_equal(again[name][field], splits[name][field])
