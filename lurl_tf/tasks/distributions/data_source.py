# SPDX-License-Identifier: Apache-2.0
"""A data set of a task distribution: how often, what for, which classes."""

import dataclasses
import math
from typing import Literal

from lurl_tf.tasks.data_use import DATA_USES, DataUse

ClassPart = Literal["all", "meta_train", "held_out"]

SYNTHETIC = "synthetic:"
_PARTS: tuple[ClassPart, ...] = ("all", "meta_train", "held_out")


@dataclasses.dataclass(frozen=True)
class DataSource:
  """A data set of a task distribution.

  Args:
    name: as `load_examples` takes it.
    weight: how often a task comes from it, relative to the other sources of
      the same use.
    use: `"meta_train"`: to learn from. `"meta_validation"`: to choose by, be it
      checkpoints, recipes or numbers of inner steps. `"test"`: to report only.
    split: as `load_examples` takes it; of a synthetic family a range of seeds
      such as `"0:8"`, of which each is a data set.
    classes: `"all"`, or those that the split of classes gives to meta-training
      or holds out; see `split_classes`.

  Raises:
    ValueError: if the name is empty, the weight not positive, or a word
      unknown.
  """

  name: str
  weight: float = 1.0
  use: DataUse = "meta_train"
  split: str = "train"
  classes: ClassPart = "all"

  def __post_init__(self):
    if not self.name or not self.split:
      raise ValueError(
        "`name` and `split` must not be empty. "
        f"Received: name={self.name!r}, split={self.split!r}"
      )
    if not (math.isfinite(self.weight) and self.weight > 0):
      raise ValueError(
        f"`weight` must be positive. Received: weight={self.weight}"
      )
    for field, known in (("use", DATA_USES), ("classes", _PARTS)):
      value = getattr(self, field)
      if value not in known:
        raise ValueError(
          f"`{field}` must be one of {', '.join(known)}. "
          f"Received: {field}={value!r}"
        )

  @property
  def label(self) -> str:
    """The source in a word or two, such as `"mnist[train]"`."""
    label = f"{self.name}[{self.split}]"
    return label if self.classes == "all" else f"{label} ({self.classes})"

  def may_share_examples(self, other: "DataSource") -> bool:
    """Whether one example could come from both.

    Slices of one split, such as `train[:50%]` and `train[50%:]`, are taken to
    overlap: their ends are known only where the data are.
    """
    if self.name != other.name:
      return False
    if {self.classes, other.classes} == {"meta_train", "held_out"}:
      return False
    if self.name.startswith(SYNTHETIC):
      return bool(set(seed_range(self)) & set(seed_range(other)))
    one, two = (
      {part.partition("[")[0].strip() for part in source.split.split("+")}
      for source in (self, other)
    )
    return bool(one & two) or "all" in one | two


def seed_range(source: DataSource) -> range:
  """The seeds of a synthetic source's data sets.

  Args:
    source: whose `split` is a seed, or `first:end`.

  Returns:
    A range that is not empty.

  Raises:
    ValueError: if `split` is no such thing.
  """
  first, colon, end = source.split.partition(":")
  if first.isdecimal() and (end.isdecimal() if colon else not end):
    seeds = range(int(first), int(end) if colon else int(first) + 1)
    if seeds:
      return seeds
  raise ValueError(
    "`split` of a synthetic family must be a seed or a range of seeds, such as "
    f"'0' or '0:8'. Received: name={source.name!r}, split={source.split!r}"
  )
