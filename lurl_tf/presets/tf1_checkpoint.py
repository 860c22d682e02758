# SPDX-License-Identifier: Apache-2.0
"""Import of rules in the format of the authors' release of 2018.

The release is a TensorFlow 1 Saver checkpoint, whose variables TensorFlow 2
reads by name. The sizes of the rule are read off their shapes.
"""

import contextlib
import os
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from lurl_tf.structures import RuleConfig

SCOPE = "MoreLocalWeightUpdateProcess/"

# Last parts of the names of meta-parameters. The other variables of the scope
# are moving averages, which the rule does not use, and an optimizer's state.
_LEAVES = ("w", "b", "beta")

# Places of each size: name of a variable, axis of its shape, and the difference
# between that axis and the size. A unit's features are x, z, and the sine and
# cosine of its place beside the error signal (4 more). With eight statistics of
# weights and the bias, there are 13 more.
_SIZES = {
  "hidden_channels": (
    ("conv_1d/w", 2, 0),
    ("conv_1d_1/w", 1, 0),
    ("conv_1d_1/w", 2, 0),
    ("linear/w", 0, 0),
    ("bias_readout/w", 0, 0),
    ("forwardweight_readout_0_top/linear/w", 0, 0),
  ),
  "delta_channels": (
    ("compute_top_delta/conv_1d_5/w", 2, 0),
    ("linear/w", 1, 0),
    ("batch_norm/beta", 2, 4),
    ("conv_1d/w", 1, 13),
  ),
  "top_channels": (
    ("compute_top_delta/conv_1d/w", 2, 0),
    ("compute_top_delta/conv_1d_3/w", 1, 0),
    ("compute_top_delta/conv_1d_4/w", 2, 0),
    ("compute_top_delta/conv_1d_5/w", 1, 0),
  ),
  "readout_channels": (
    ("forwardweight_readout_0_top/linear/w", 1, 0),
    ("forwardweight_readout_0_bottom/linear/w", 1, 0),
  ),
  "output_size": (
    ("compute_top_delta/conv_1d_1/w", 1, 0),
    ("compute_top_delta/conv_1d_1/w", 2, 0),
    ("compute_top_delta/conv_1d_2/w", 1, 0),
    ("compute_top_delta/batch_norm_1/beta", 2, 0),
  ),
}


class Tf1Checkpoint(NamedTuple):
  """A rule of the authors' release.

  Attributes:
    config: `RuleConfig` with the sizes of the checkpoint.
    arrays: Theta, each array under its name without the scope, sorted by name.
  """

  config: RuleConfig
  arrays: dict[str, np.ndarray]


def read_tf1_checkpoint(
  prefix: str | os.PathLike[str], dtype: str = "float32"
) -> Tf1Checkpoint:
  """Reads the meta-parameters of a TensorFlow 1 Saver checkpoint.

  Other variables, such as moving averages, are ignored.

  Args:
    prefix: Path without `.index`, for instance `"folder/tf_graph_data.ckpt"`.
    dtype: Float type of the arrays.

  Returns:
    `Tf1Checkpoint`.

  Raises:
    FileNotFoundError: If there is no such checkpoint.
    ValueError: If it is damaged, lacks meta-parameters of the published rule,
      or their shapes disagree.
  """
  prefix = os.fspath(prefix)
  if not os.path.isfile(f"{prefix}.index"):
    raise FileNotFoundError(
      "Expected the prefix of a checkpoint, with a file that ends in `.index` "
      f"beside its data. Received: prefix={prefix!r}"
    )
  with _clear_errors(prefix):
    reader = tf.train.load_checkpoint(prefix)
    all_shapes = reader.get_variable_to_shape_map()
  shapes = {
    name.removeprefix(SCOPE): tuple(shape)
    for name, shape in sorted(all_shapes.items())
    if name.startswith(SCOPE) and name.rpartition("/")[2] in _LEAVES
  }
  config = RuleConfig(
    **{size: _read_size(size, shapes, prefix) for size in _SIZES},
    identical_updates=not any(name.startswith("backward") for name in shapes),
    dtype=dtype,
  )
  with _clear_errors(prefix):
    arrays = {
      name: reader.get_tensor(SCOPE + name).astype(dtype) for name in shapes
    }
  return Tf1Checkpoint(config, arrays)


@contextlib.contextmanager
def _clear_errors(prefix: str) -> Iterator[None]:
  """Adds the file to errors of TensorFlow's reader, which do not name it."""
  try:
    yield
  except (tf.errors.OpError, IndexError, RuntimeError) as error:
    raise ValueError(
      f"The checkpoint is damaged: {error}. Received: prefix={prefix!r}"
    ) from error


def _read_size(
  size: str, shapes: dict[str, tuple[int, ...]], prefix: str
) -> int:
  """Reads one size of the rule, on which all its places must agree."""
  places = _SIZES[size]
  missing = sorted(
    {SCOPE + name for name, _, _ in places if name not in shapes}
  )
  if missing:
    raise ValueError(
      "Expected a checkpoint of the published rule. Missing: "
      f"{', '.join(missing)}. Received: prefix={prefix!r}"
    )
  found = {shapes[name][axis] - more for name, axis, more in places}
  if len(found) > 1:
    listed = ", ".join(f"{name} {list(shapes[name])}" for name, _, _ in places)
    raise ValueError(
      f"Expected shapes that agree on `{size}`. Received: {listed}"
    )
  return found.pop()
