# SPDX-License-Identifier: Apache-2.0
"""Picture of a few tasks, before and after augmentation."""

import math

import numpy as np
import tensorflow as tf
from PIL import Image, ImageDraw

from lurl_tf.meta.inner.unroll_config import UnrollConfig
from lurl_tf.meta.inner.variation import vary_truncation
from lurl_tf.meta.slots.draw import draw_truncation
from lurl_tf.tasks import AugmentationConfig, TaskSampler

_TILE_PIXELS = 48
_GAP = 4
_LINE = 16
_BACKGROUND = 255


def contact_sheet(
  sampler: TaskSampler,
  augmentation: AugmentationConfig,
  num_tasks: int = 6,
  num_examples: int = 12,
) -> np.ndarray:
  """Draws tasks with two rows each, before and after augmentation.

  The second row shows the inputs of the rule, with the permutation of the task
  undone. Values are clipped to [0, 1]. Inputs that are not images are drawn as
  squares.

  Args:
    sampler: Sampler of the tasks and their unlabelled examples.
    augmentation: Strength of the augmentation.
    num_tasks: Number of tasks.
    num_examples: Number of examples per task, at most one batch.

  Returns:
    Picture, uint8 `[height, width, 3]`.
  """
  data, variation = draw_truncation(
    sampler, UnrollConfig(max_steps=1), "float32", np.zeros(num_tasks), 0
  )
  varied = vary_truncation(
    data, variation, sampler.image_shape, augmentation, False
  )
  in_order = tf.gather(
    varied.batches[0], tf.argsort(variation.permutations), axis=-1, batch_dims=1
  )
  strips = []
  for slot in range(num_tasks):
    task = sampler.task(slot, 0)
    source = sampler.data_sets[task.data_set]
    names = (source.examples.class_names[label] for label in task.classes)
    strips += [_caption(f"{source.name}: {', '.join(names)}")] + [
      _strip(inputs[:num_examples].numpy(), sampler.image_shape)
      for inputs in (data.batches[0, slot], in_order[slot])
    ]
  width = strips[1].shape[1]
  return np.concatenate([_cut_or_fill(each, width) for each in strips])


def _caption(text: str) -> np.ndarray:
  image = Image.new("RGB", (2048, _LINE), (_BACKGROUND,) * 3)
  # The built-in font has only the characters of latin-1.
  text = text.encode("latin-1", "replace").decode("latin-1")
  ImageDraw.Draw(image).text((_GAP, 2), text, fill=(0, 0, 0))
  return np.asarray(image)


def _strip(inputs: np.ndarray, image_shape: tuple[int, ...]) -> np.ndarray:
  """Places examples side by side."""
  tiles = [_tile(each, image_shape) for each in inputs]
  return np.concatenate(tiles, axis=1)


def _tile(values: np.ndarray, image_shape: tuple[int, ...]) -> np.ndarray:
  """Enlarges an example and adds a gap below and to the right."""
  if len(image_shape) != 3:
    side = math.ceil(math.sqrt(len(values)))
    values = np.pad(values, (0, side * side - len(values)))
    image_shape = (side, side, 1)
  pixels = np.clip(values.reshape(image_shape), 0, 1)
  pixels = np.broadcast_to(pixels, (*image_shape[:2], 3))
  factor = max(1, _TILE_PIXELS // max(image_shape[:2]))
  pixels = np.round(255 * pixels).astype(np.uint8)
  pixels = pixels.repeat(factor, axis=0).repeat(factor, axis=1)
  return np.pad(
    pixels, ((0, _GAP), (0, _GAP), (0, 0)), constant_values=_BACKGROUND
  )


def _cut_or_fill(strip: np.ndarray, width: int) -> np.ndarray:
  strip = strip[:, :width]
  missing = width - strip.shape[1]
  return np.pad(
    strip, ((0, 0), (0, missing), (0, 0)), constant_values=_BACKGROUND
  )
