# SPDX-License-Identifier: Apache-2.0
"""Random variation of examples and tasks, inside a TensorFlow graph.

All functions are pure functions of a seed. A seed `[2]` is used for all inputs;
with seeds `[t, 2]` every entry of a leading axis of tasks has its own random
numbers, which do not depend on the other tasks. The order is:
`augment_examples`, before pixels are permuted; `permute_inputs`;
`apply_task_variation`.
"""

from collections.abc import Sequence
from typing import NamedTuple

import tensorflow as tf

from lurl_tf.random_numbers import truncated_normal_of, uniform
from lurl_tf.tasks.augmentation.config import AugmentationConfig
from lurl_tf.tasks.augmentation.rotate_and_shift import (
  check_image_shape,
  rotate_and_shift,
)

_NOISE_CUT = 4.0  # Standard deviations.


class Augmented(NamedTuple):
  """Augmented examples, and the amounts of their changes.

  Attributes:
    inputs: Inputs `[..., b, i]`.
    coefficients: Amounts `[..., b, r]`, in the order of `coefficient_names`,
      only of augmentations in use: angle / `max_rotation`, shift / `max_shift`
      to the right and downwards, each in [-1, 1]; and standard deviation of the
      noise / `noise_stddev`, in [0, 1].
  """

  inputs: tf.Tensor
  coefficients: tf.Tensor


def augment_examples(
  inputs: tf.Tensor,
  image_shape: Sequence[int],
  seed: tf.Tensor | Sequence[int],
  config: AugmentationConfig,
) -> Augmented:
  """Rotates, shifts, and adds noise to every example in its own way.

  The random numbers of one augmentation do not depend on the others. Noise may
  move values out of [0, 1].

  Args:
    inputs: Inputs `[..., b, i]` in [0, 1], pixels not permuted.
    image_shape: Shape `(height, width, channels)` of an input; `(i,)` for
      inputs that are no images, which can be augmented by noise only.
    seed: Two integers, or `[t, 2]` for inputs `[t, ..., b, i]`.
    config: Amounts of variation.

  Returns:
    `Augmented`; without augmentation, the unchanged inputs and no coefficients.

  Raises:
    ValueError: If inputs are not floating-point, inputs that are no images are
      to be rotated or shifted, or shapes do not match.

  Example:

  >>> config = AugmentationConfig(max_rotation=15.0, noise_stddev=0.1)
  >>> augmented = augment_examples(tf.ones([5, 64]), (8, 8, 1), (0, 1), config)
  >>> augmented.coefficients.shape
  TensorShape([5, 2])
  """
  inputs, seed = _checked(inputs, seed)
  if config.moves_pixels:
    check_image_shape(inputs.shape[-1], image_shape)
  if not config.augments_examples:
    return Augmented(inputs, tf.zeros_like(inputs[..., :0]))
  shape = tf.shape(inputs) if seed.shape.rank == 1 else tf.shape(inputs)[1:]
  seeds = _split(seed)
  shares = _uniform(seeds[0], tf.concat([shape[:-1], [4]], 0), inputs.dtype)
  rotation, shift_x, shift_y, noise = tf.unstack(shares, axis=-1)
  noise = (noise + 1.0) / 2.0
  if config.moves_pixels:
    inputs = rotate_and_shift(
      inputs,
      image_shape,
      config.max_rotation * rotation,
      config.max_shift * shift_x,
      config.max_shift * shift_y,
    )
  if config.noise_stddev:
    stddev = config.noise_stddev * noise[..., None]
    inputs += stddev * truncated_normal_of(
      _uniform(seeds[1], shape, inputs.dtype), _NOISE_CUT
    )
  columns = {
    "rotation": rotation,
    "shift_x": shift_x,
    "shift_y": shift_y,
    "noise": noise,
  }
  return Augmented(
    inputs,
    tf.stack([columns[name] for name in config.coefficient_names], axis=-1),
  )


def apply_task_variation(
  inputs: tf.Tensor,
  seed: tf.Tensor | Sequence[int],
  config: AugmentationConfig,
) -> tf.Tensor:
  """Scales and offsets a task's inputs, and sets hidden inputs to zero.

  All inputs passed with the same seed are changed in the same way: unlabelled
  batches, support and query.

  Args:
    inputs: Inputs `[..., i]`.
    seed: Two integers for one task, or `[t, 2]` for inputs `[t, ..., i]`.
    config: Amounts of variation.

  Returns:
    Inputs of the same shape.

  Raises:
    ValueError: If inputs are not floating-point, or shapes do not match.
  """
  inputs, seed = _checked(inputs, seed)
  if not config.varies_tasks:
    return inputs
  size = inputs.shape[-1]
  shares = (_uniform(seed, [2 + size], inputs.dtype) + 1.0) / 2.0
  if seed.shape.rank == 2:
    between = [1] * (inputs.shape.rank - 2)
    shares = tf.reshape(shares, [-1, *between, 2 + size])
  scale, offset, seen = tf.split(shares, [1, 1, size], axis=-1)
  lowest, highest = config.scale_range
  inputs *= lowest * (highest / lowest) ** scale
  lowest, highest = config.offset_range
  inputs += lowest + (highest - lowest) * offset
  return inputs * tf.cast(seen >= config.input_dropout, inputs.dtype)


def permute_inputs(inputs: tf.Tensor, permutations: tf.Tensor) -> tf.Tensor:
  """Permutes the inputs of every task in its own way.

  Args:
    inputs: Inputs `[..., i]`, or `[t, ..., i]`.
    permutations: Indices `[i]` for one task, or `[t, i]`: the index of the
      input that moves to each position.

  Returns:
    Inputs of the same shape.
  """
  permutations = tf.convert_to_tensor(permutations)
  return tf.gather(
    inputs, permutations, axis=-1, batch_dims=permutations.shape.rank - 1
  )


def _checked(inputs, seed):
  """Converts both to tensors; raises an error unless they match."""
  inputs, seed = tf.convert_to_tensor(inputs), tf.convert_to_tensor(seed)
  if not inputs.dtype.is_floating:
    raise ValueError(
      "`inputs` must be floating-point. "
      f"Received: inputs.dtype={inputs.dtype.name}"
    )
  if seed.shape.rank not in (1, 2) or seed.shape[-1] != 2:
    raise ValueError(
      "`seed` must be two integers, or two for every task. Received: "
      f"seed.shape={seed.shape}"
    )
  if seed.shape.rank == 2 and inputs.shape[0] != seed.shape[0]:
    raise ValueError(
      "`seed` must have one row per entry of the first axis of `inputs`. "
      f"Received: seed.shape={seed.shape}, inputs.shape={inputs.shape}"
    )
  return inputs, seed


def _per_task(draw, seed, dtype):
  if seed.shape.rank == 1:
    return draw(seed)
  return tf.map_fn(draw, seed, fn_output_signature=dtype)


def _split(seed):
  """Splits every seed into two seeds `[..., 2]`."""

  def split(seed):
    return tf.random.split(seed, num=2, alg="philox")

  return tf.unstack(_per_task(split, seed, seed.dtype), axis=-2)


def _uniform(seed, shape, dtype):
  """Numbers in [-1, 1], `shape` or `[t, *shape]`."""
  return _per_task(lambda seed: uniform(shape, seed, dtype), seed, dtype)
