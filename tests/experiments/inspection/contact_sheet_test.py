# SPDX-License-Identifier: Apache-2.0
"""Tests that a contact sheet shows examples, and what becomes of them."""

import numpy as np

from experiments.inspection.contact_sheet import contact_sheet
from lurl_tf.structures import LabelledExamples
from lurl_tf.tasks import AugmentationConfig, EpisodeConfig, TaskSampler

SIDE, LINE, GAP, CAPTION = 6, 48, 4, 16
STRIP = LINE + GAP
EPISODES = EpisodeConfig(
  classes_per_task=2, batch_size=5, support_per_class=1, query_per_class=1
)


def make_sampler(image_shape=(SIDE, SIDE, 1)):
  generator = np.random.default_rng(0)
  size = int(np.prod(image_shape))
  return TaskSampler(
    LabelledExamples(
      generator.integers(100, 256, (20, size)).astype(np.uint8),
      np.repeat([0, 1], 10).astype(np.int32),
      ("ant", "bee"),
      image_shape,
    ),
    EPISODES,
  )


def tiles(sheet, task, row, side=SIDE):
  """`[examples, side, side, 3]`, a pixel of each square."""
  top = task * (CAPTION + 2 * STRIP) + CAPTION + row * STRIP
  strip = sheet[top : top + LINE]
  columns = [
    strip[:, left : left + LINE] for left in range(0, strip.shape[1], STRIP)
  ]
  step = LINE // side
  return np.stack(columns)[:, ::step, ::step]


def test_the_inputs_are_shown_in_their_own_order():
  sampler = make_sampler()
  sheet = contact_sheet(sampler, AugmentationConfig(), 2, num_examples=4)
  assert sheet.dtype == np.uint8
  assert sheet.shape == (2 * (CAPTION + 2 * STRIP), 4 * STRIP, 3)
  for task in range(2):
    drawn = sampler.task(task, 0)
    batch = sampler.batches(drawn, 1, task, 0)[0, :4]
    images = np.rint(255 * batch).reshape(4, SIDE, SIDE, 1)
    for row in range(2):
      shown = tiles(sheet, task, row)
      np.testing.assert_array_equal(shown, np.repeat(images, 3, axis=-1))


def test_the_second_row_is_augmented():
  config = AugmentationConfig(input_dropout=0.5)
  sheet = contact_sheet(make_sampler(), config, 1, num_examples=5)
  before, after = (tiles(sheet, 0, row) for row in range(2))
  seen = after[0] > 0
  assert 0 < seen.mean() < 1
  np.testing.assert_array_equal(after, np.where(seen, before, 0))


def test_colours_are_kept():
  sampler = make_sampler((SIDE, SIDE, 3))
  sheet = contact_sheet(sampler, AugmentationConfig(), 1, num_examples=1)
  batch = sampler.batches(sampler.task(0, 0), 1, 0, 0)[0, 0]
  np.testing.assert_array_equal(
    tiles(sheet, 0, 0)[0], np.rint(255 * batch).reshape(SIDE, SIDE, 3)
  )


def test_other_inputs_are_folded_into_squares():
  sampler = make_sampler((34,))
  sheet = contact_sheet(sampler, AugmentationConfig(), 1, num_examples=1)
  batch = sampler.batches(sampler.task(0, 0), 1, 0, 0)[0, 0]
  shown = tiles(sheet, 0, 0)[0, ..., 0].reshape(-1)
  np.testing.assert_array_equal(shown[:34], np.rint(255 * batch))
  np.testing.assert_array_equal(shown[34:], 0)
