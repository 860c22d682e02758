# SPDX-License-Identifier: Apache-2.0
"""Random streams: the integers that keep independent random draws apart."""

import enum


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
