# SPDX-License-Identifier: Apache-2.0
"""Tests that what is written can be read as TensorBoard reads it."""

import math

import numpy as np

from lurl_tf.summaries import SummaryWriter
from tests.event_files import read_curves, read_pictures


def test_points_can_be_read_once_they_are_flushed(tmp_path):
  writer = SummaryWriter(tmp_path / "tensorboard")
  writer.scalars(3, {"meta/loss": 0.5, "meta/skipped": 0})
  writer.scalars(10, {"meta/loss": np.float32(0.25)})
  writer.flush()
  assert read_curves(tmp_path / "tensorboard") == {
    "meta/loss": [(3, 0.5), (10, 0.25)],
    "meta/skipped": [(3, 0.0)],
  }


def test_a_second_writer_adds_to_the_folder(tmp_path):
  """As when a run goes on."""
  for step in (1, 2):
    writer = SummaryWriter(str(tmp_path))
    writer.scalars(step, {"loss": step})
    writer.flush()
  assert read_curves(tmp_path) == {"loss": [(1, 1.0), (2, 2.0)]}


def test_nan_is_kept(tmp_path):
  writer = SummaryWriter(tmp_path)
  writer.scalars(1, {"loss": math.nan})
  writer.flush()
  ((step, value),) = read_curves(tmp_path)["loss"]
  assert step == 1
  assert math.isnan(value)


def test_a_picture_can_be_read_back(tmp_path):
  pixels = np.random.default_rng(0).integers(0, 256, (4, 6, 3)).astype(np.uint8)
  writer = SummaryWriter(tmp_path)
  writer.image(2, "tasks/0", pixels)
  writer.flush()
  np.testing.assert_array_equal(read_pictures(tmp_path)["tasks/0"], pixels)
