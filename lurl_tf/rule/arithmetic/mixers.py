# SPDX-License-Identifier: Apache-2.0
"""Parameters of maps of channels.

Section 2 of `docs/the_rule.md` defines the maps.
"""

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
  """A map of channels that depends on other examples or units, too.

  Attributes:
    kernel: `[taps, c, c']`. With `"published"` mixing, a tap is the offset of a
      neighbour. With `"pooled"` mixing the taps are the unit itself, its mean
      over examples, and the mean over units.
    bias: `[c']`; without effect where a batch normalisation follows.
  """

  kernel: Any
  bias: Any


class NormalizedMixer(NamedTuple):
  """A `Mixer` followed by batch normalisation with an offset.

  Attributes:
    kernel: Kernel of a `Mixer`.
    bias: Bias of a `Mixer`; without effect, kept for the checkpoint format.
    offset: `[1, 1, c']`.
  """

  kernel: Any
  bias: Any
  offset: Any
