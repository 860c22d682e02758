# SPDX-License-Identifier: Apache-2.0
"""A data set of a task distribution, with its weight, use and classes."""

import dataclasses
import math
from typing import Literal

from lurl_tf.tasks.data_use import DATA_USES, DataUse
from lurl_tf.tasks.sources.data_set_name import DataSetName

ClassPart = Literal["all", "meta_train", "held_out"]

_PARTS: tuple[ClassPart, ...] = ("all", "meta_train", "held_out")


@dataclasses.dataclass(frozen=True)
class DataSource:
  """A data set of a task distribution.

  Args:
    name: Name of the data set, as in `load_examples`.
    weight: Relative frequency of tasks from this source, among the sources of
      the same use.
    use: `"meta_train"` to learn from; `"meta_validation"` to choose by, such as
      checkpoints, recipes or numbers of inner steps; `"test"` to report only.
    split: Split, as in `load_examples`; of a synthetic family a range of seeds
      such as `"0:8"`, each of which is a data set.
    classes: `"all"`, or the part of the classes that is used for meta-training
      or held out; see `split_classes`.

  Raises:
    ValueError: If the name is empty, the weight not positive, or `use` or
      `classes` unknown.
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
  def is_synthetic(self) -> bool:
    """Whether the source is a synthetic family, whose splits are seeds."""
    return DataSetName.parse(self.name).is_synthetic

  @property
  def label(self) -> str:
    """Short name of the source for tables, such as `"mnist[train]"`."""
    label = f"{self.name}[{self.split}]"
    return label if self.classes == "all" else f"{label} ({self.classes})"

  def may_share_examples(self, other: "DataSource") -> bool:
    """Whether one example could come from both.

    Slices of one split, such as `train[:50%]` and `train[50%:]`, count as
    overlapping, since their ends are known only once the data are loaded.

    Args:
      other: Another source.

    Returns:
      True unless names, splits, seeds or parts of the classes rule it out.
    """
    if self.name != other.name:
      return False
    if {self.classes, other.classes} == {"meta_train", "held_out"}:
      return False
    if self.is_synthetic:
      return bool(set(seed_range(self)) & set(seed_range(other)))
    one, two = (
      {part.partition("[")[0].strip() for part in source.split.split("+")}
      for source in (self, other)
    )
    return bool(one & two) or "all" in one | two


def seed_range(source: DataSource) -> range:
  """Parses the seeds of a synthetic source's data sets.

  Args:
    source: Synthetic source whose `split` is a seed, or `first:end`.

  Returns:
    The seeds, at least one.

  Raises:
    ValueError: If `split` has another form.
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
