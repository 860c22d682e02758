# SPDX-License-Identifier: Apache-2.0
"""The structures that pass between packages, with shapes.

Axis letters, everywhere: `t` tasks (optional, leading), `b` examples, `u` units
(`i` below, `j` above), `c` channels, `k` classes.
"""

import dataclasses
from typing import Literal, NamedTuple

import numpy as np
import tensorflow as tf

Mixing = Literal["published", "pooled"]


class LayerWeights(NamedTuple):
  """Inner parameters of one layer; phi is a tuple of these.

  Attributes:
    kernel: `[..., i, j]`, W of the paper.
    bias: `[..., j]`, added after batch normalisation.
    backward_kernel: `[..., i, j]`, V of the paper, which carries the error
      signal downwards. It has the shape of `kernel`, not of its transpose.
  """

  kernel: tf.Tensor
  bias: tf.Tensor
  backward_kernel: tf.Tensor


class Activations(NamedTuple):
  """Activations of one forward pass of a base model.

  Attributes:
    inputs: `[..., b, i]`, x of layer 0.
    pre_activations: z, one `[..., b, u]` per layer, bottom first.
    post_activations: x, one `[..., b, u]` per layer, bottom first.
  """

  inputs: tf.Tensor
  pre_activations: tuple[tf.Tensor, ...]
  post_activations: tuple[tf.Tensor, ...]

  @property
  def features(self) -> tf.Tensor:
    """The top layer's post-activations, `[..., b, u]`."""
    return self.post_activations[-1]


class LabelledExamples(NamedTuple):
  """A split of a data set, in memory.

  Attributes:
    inputs: `[b, i]`, uint8 from 0 to 255, or float32, already scaled.
    labels: `[b]`, int32 class indices.
    class_names: Names of the classes, indexed by label.
    image_shape: Shape of a row of `inputs`: `(height, width, channels)` of
      images; `(i,)` of others, such as bags of words and points.
  """

  inputs: np.ndarray
  labels: np.ndarray
  class_names: tuple[str, ...]
  image_shape: tuple[int, ...]

  def take(self, rows: np.ndarray) -> "LabelledExamples":
    """Selects examples.

    Args:
      rows: `[n]` row numbers, or `[b]` bool.

    Returns:
      `LabelledExamples`.
    """
    return self._replace(inputs=self.inputs[rows], labels=self.labels[rows])


class Episode(NamedTuple):
  """Labelled examples of the meta-objective, the only use of labels.

  Attributes:
    support_inputs: `[..., b, i]`, examples to fit the read-out.
    support_targets: `[..., b, k]` one-hot.
    query_inputs: `[..., b, i]`, examples to score the read-out.
    query_targets: `[..., b, k]` one-hot.
    support_extra_targets: `[..., b, r]` further regression targets, or empty.
    query_extra_targets: `[..., b, r]`, or empty.
  """

  support_inputs: tf.Tensor
  support_targets: tf.Tensor
  query_inputs: tf.Tensor
  query_targets: tf.Tensor
  support_extra_targets: tf.Tensor | tuple[()] = ()
  query_extra_targets: tf.Tensor | tuple[()] = ()


@dataclasses.dataclass(frozen=True)
class RuleConfig:
  """Sizes and options of an `UpdateRule`, by default the published ones.

  Args:
    hidden_channels: Channels of every unit's state h.
    delta_channels: Channels of the error signal.
    top_channels: Channels of the network that starts the error signal.
    readout_channels: Channels over which a weight change is contracted.
    output_size: Units of the base model's top layer. With `"published"` mixing,
      the rule works for this size only; with `"pooled"` mixing, it works for
      any size and ignores this one.
    mixing: How a unit's network depends on other examples and units.
      `"published"`: convolutions of width 3 over neighbouring examples and
      neighbouring units. `"pooled"`: means over examples and over units, so
      that their order does not matter.
    identical_updates: Whether V receives the change of W.
    dtype: Float type of meta-parameters and arithmetic.

  Raises:
    ValueError: If a size is not a positive integer, or an option is unknown.
  """

  hidden_channels: int = 64
  delta_channels: int = 32
  top_channels: int = 64
  readout_channels: int = 4
  output_size: int = 32
  mixing: Mixing = "published"
  identical_updates: bool = True
  dtype: str = "float32"

  def __post_init__(self):
    for name in (
      "hidden_channels",
      "delta_channels",
      "top_channels",
      "readout_channels",
      "output_size",
    ):
      value = getattr(self, name)
      if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise ValueError(
          f"`{name}` must be a positive integer. Received: {name}={value!r}"
        )
    if self.mixing not in ("published", "pooled"):
      raise ValueError(
        "`mixing` must be 'published' or 'pooled'. "
        f"Received: mixing={self.mixing!r}"
      )
    if not isinstance(self.identical_updates, bool):
      raise ValueError(
        "`identical_updates` must be True or False. Received: "
        f"identical_updates={self.identical_updates!r}"
      )
    if self.dtype not in ("float32", "float64"):
      raise ValueError(
        "`dtype` must be 'float32' or 'float64'. "
        f"Received: dtype={self.dtype!r}"
      )
