# SPDX-License-Identifier: Apache-2.0
"""Matrices that mix channels, as the arithmetic needs them."""

from typing import Any, NamedTuple


class Linear(NamedTuple):
  """An affine map of channels.

  Attributes:
    kernel: `[c, c']`.
    bias: `[c']`.
  """

  kernel: Any
  bias: Any


class Mixer(NamedTuple):
  """A map of channels that also looks at other examples or units.

  Attributes:
    kernel: `[taps, c, c']`. For `"published"` mixing a tap is a neighbour's
      offset; for `"pooled"`: the unit itself, its mean over examples, the mean
      over units.
    bias: `[c']`; without effect where a batch normalisation follows.
  """

  kernel: Any
  bias: Any


class NormalizedMixer(NamedTuple):
  """A `Mixer` followed by batch normalisation with an offset.

  Attributes:
    kernel: as in `Mixer`.
    bias: as in `Mixer`; without effect, kept for the checkpoint format.
    offset: `[1, 1, c']`.
  """

  kernel: Any
  bias: Any
  offset: Any
