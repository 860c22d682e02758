# SPDX-License-Identifier: Apache-2.0
"""Parses names of splits and their slices, in the notation of TFDS."""

from collections.abc import Mapping

import tensorflow_datasets as tfds


def splits_of_sizes(sizes: Mapping[str, int]) -> tfds.core.SplitDict:
  """Describes the splits of a data set outside TFDS, for `split_slices`.

  Args:
    sizes: Number of examples of each split.

  Returns:
    Splits of the type of `builder.info.splits` of TFDS.
  """
  return tfds.core.SplitDict(
    tfds.core.SplitInfo(name=name, shard_lengths=[size], num_bytes=0)
    for name, size in sizes.items()
  )


def split_slices(
  split: str, splits: tfds.core.SplitDict, origin: str
) -> list[tuple[str, slice]]:
  """Resolves a split, or a slice such as `"train[:10%]"`.

  Args:
    split: Split in the notation of TFDS; `+` joins several.
    splits: All splits of the data set.
    origin: Name of the data set, for the error message.

  Returns:
    Names of splits with slices of their examples.

  Raises:
    ValueError: If there is no such split, or it holds no examples.

  Example:

  >>> splits = splits_of_sizes({"train": 50, "test": 10})
  >>> split_slices("train[:10%]", splits, "my_set")
  [('train', slice(0, 5, None))]
  """
  try:
    parts = tfds.core.ReadInstruction.from_spec(split).to_absolute(splits)
  except (ValueError, AssertionError, NotImplementedError) as error:
    raise ValueError(
      f"`split` must be one of {', '.join(sorted(splits))}, or a slice of it. "
      f"Received: split={split!r} of {origin}"
    ) from error
  slices = []
  for part in parts:
    size = splits[part.splitname].num_examples
    start, stop, _ = slice(part.from_, part.to).indices(size)
    slices.append((part.splitname, slice(start, stop)))
  if not any(part.stop > part.start for _, part in slices):
    raise ValueError(
      "`split` must hold examples. "
      f"Received: the empty split={split!r} of {origin}"
    )
  return slices
