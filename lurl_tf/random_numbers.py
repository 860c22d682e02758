# SPDX-License-Identifier: Apache-2.0
"""Random streams, and stateless draws that every device makes alike.

XLA turns the same random bits into other floating-point numbers than the rest
of TensorFlow does, but into the same integers. So all numbers here are computed
from integers.
"""

import enum
import math
from collections.abc import Sequence

import tensorflow as tf

# Largest share in `normal`: `erfinv` is infinite at 1.
_LARGEST_SHARE = 1 - 1e-6


class Stream(enum.IntEnum):
  """Number of a random stream, one entry of the key that a draw is seeded by.

  Every draw of the library is a function of a key of integers: a user's seed, a
  stream, and counters such as a slot or an epoch. Members of one group below
  share a form of key and must differ. Members of different groups may have
  equal values, which makes them aliases in Python: their keys differ in length
  or in order. Never change a value: all later results would change.
  """

  # Key [seed, stream, *counters] of a `TaskSampler`.
  TASK = 0
  TASK_BATCH = 1
  TASK_EPISODE = 2
  TASK_DEVICE_SEED = 3

  # Key (stream, *counters) of `TaskSampler.device_seed`.
  SLOT = 0
  TRUNCATION = 1
  FRESH_WEIGHTS = 2

  # Key [stream, seed] of a synthetic data set.
  SYNTHETIC_CLUSTERS = 0
  SYNTHETIC_DECODERS = 1

  # Key [stream, seed, index] of a sampled bucket.
  BUCKET = 5

  # Key [stream, *counters] of the schedule of meta-training slots.
  TRUNCATION_LENGTH = 16
  HORIZON = 17

  # Key [seed, stream, *counters] of an evaluation.
  EVALUATION_PERMUTATION = 0
  EVALUATION_SUPPORT = 1
  EVALUATION_BATCH = 2
  BASELINE_FIT = 17

  # Key [seed, stream, *counters] of a baseline, whose seed is drawn from
  # `BASELINE_FIT`.
  SHUFFLE = 1
  HOLD_OUT = 2
  PARTITION = 3
  PARTITION_EPISODE = 4

  # Offsets so large that no counter reaches them.
  EVALUATION_WEIGHTS = 2**30
  PERTURBATIONS = 2**30


def uniform(
  shape: Sequence[int] | tf.Tensor, seed: tf.Tensor, dtype: str | tf.DType
) -> tf.Tensor:
  """Draws numbers uniformly from [-1, 1].

  Args:
    shape: Shape of the result.
    seed: Two integers.
    dtype: Float type of the result.

  Returns:
    Tensor of `shape`.
  """
  integers = tf.random.stateless_uniform(
    shape, seed, minval=None, maxval=None, dtype=tf.int32, alg="philox"
  )
  return tf.cast(integers, dtype) / 2**31


def normal(
  shape: Sequence[int] | tf.Tensor, seed: tf.Tensor, dtype: str | tf.DType
) -> tf.Tensor:
  """Draws standard normal numbers, clipped at about five standard deviations.

  Args:
    shape: Shape of the result.
    seed: Two integers.
    dtype: Float type of the result.

  Returns:
    Tensor of `shape`.
  """
  share = tf.clip_by_value(
    uniform(shape, seed, dtype), -_LARGEST_SHARE, _LARGEST_SHARE
  )
  return math.sqrt(2) * tf.math.erfinv(share)


def truncated_normal(
  shape: Sequence[int] | tf.Tensor,
  seed: tf.Tensor,
  dtype: str | tf.DType,
  cut: float = 2.0,
) -> tf.Tensor:
  """Draws from a standard normal distribution that is truncated.

  Args:
    shape: Shape of the result.
    seed: Two integers.
    dtype: Float type of the result.
    cut: Largest absolute value, in standard deviations.

  Returns:
    Tensor of `shape`.
  """
  return truncated_normal_of(uniform(shape, seed, dtype), cut)


def truncated_normal_of(shares: tf.Tensor, cut: float = 2.0) -> tf.Tensor:
  """Maps uniform numbers to truncated standard normal ones.

  Args:
    shares: Numbers from `uniform`.
    cut: Largest absolute value, in standard deviations.

  Returns:
    Tensor of the shape of `shares`.
  """
  root = math.sqrt(2)
  return root * tf.math.erfinv(math.erf(cut / root) * shares)
