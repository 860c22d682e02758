# SPDX-License-Identifier: Apache-2.0
"""Distribution of the tasks of a meta-training, as a value for JSON."""

import dataclasses
import itertools
import json
import os
from typing import Any

from lurl_tf import files
from lurl_tf.json_fields import from_json
from lurl_tf.tasks.augmentation.config import AugmentationConfig
from lurl_tf.tasks.distributions.bucket import Bucket
from lurl_tf.tasks.distributions.data_source import DataSource, DataUse


@dataclasses.dataclass(frozen=True)
class TaskDistribution:
  """A distribution of tasks (Metz et al. 2019, section 4.2).

  A task is a data set, drawn by weight; some of its classes; an order of the
  inputs; and a variation of all inputs. Shapes are those of the buckets, which
  take turns.

  Args:
    sources: Data sets and their uses. An example cannot have several uses.
    buckets: Shapes of tasks and base models.
    augmentation: Amounts of random variation of examples and tasks.
    regress_augmentation: Whether the meta-objective also predicts the amounts
      by which examples were varied.
    held_out_share: Share of a data set's classes that is held out if a source
      uses a part of the classes.

  Raises:
    ValueError: If there are no meta-training sources or no buckets, the share
      is out of range, or two uses could have examples in common.

  Example:

  >>> tasks = lurl_tf.tasks.TaskDistribution(
  ...   sources=(
  ...     DataSource("lurl_glyphs"),
  ...     DataSource("lurl_glyphs", use="meta_validation", split="test"),
  ...   )
  ... )
  >>> tasks == TaskDistribution.from_json(tasks.to_json())
  True
  """

  sources: tuple[DataSource, ...]
  buckets: tuple[Bucket, ...] = (Bucket(),)
  augmentation: AugmentationConfig = AugmentationConfig()
  regress_augmentation: bool = False
  held_out_share: float = 0.2

  def __post_init__(self):
    if not self.sources_for("meta_train"):
      raise ValueError(
        "`sources` must have one of use 'meta_train'. "
        f"Received: sources={self.sources}"
      )
    if not self.buckets:
      raise ValueError("`buckets` must not be empty. Received: buckets=()")
    if not 0 < self.held_out_share < 1:
      raise ValueError(
        "`held_out_share` must be between 0 and 1. "
        f"Received: held_out_share={self.held_out_share}"
      )
    for one, other in itertools.combinations(self.sources, 2):
      if one.use != other.use and one.may_share_examples(other):
        raise ValueError(
          f"{one.name!r} must not give the same examples to {one.use} and to "
          f"{other.use}: take other splits, or classes 'meta_train' and "
          f"'held_out'. Received: {one} and {other}"
        )

  def sources_for(self, use: DataUse) -> tuple[DataSource, ...]:
    """Selects the sources of one use."""
    return tuple(source for source in self.sources if source.use == use)

  def to_json(self) -> dict[str, Any]:
    """Converts the fields to nested objects, lists and values of JSON."""
    return json.loads(json.dumps(dataclasses.asdict(self)))

  @classmethod
  def from_json(cls, value: Any, where: str = "") -> "TaskDistribution":
    """Makes the distribution that a JSON object describes.

    Args:
      value: Result of `to_json`; omitted fields have their defaults.
      where: Place of the object, for error messages.

    Returns:
      The distribution.

    Raises:
      ValueError: If a field is unknown or wrong; the message names it.
    """
    return from_json(cls, value, where)

  def save(self, path: str | os.PathLike[str]) -> None:
    """Writes a JSON file.

    Args:
      path: Path of the file.

    Raises:
      OSError: If it cannot be written.
    """
    text = json.dumps(self.to_json(), indent=2) + "\n"
    files.write_atomically(path, text.encode())

  @classmethod
  def load(cls, path: str | os.PathLike[str]) -> "TaskDistribution":
    """Reads a JSON file that `save` wrote.

    Args:
      path: Path of the file.

    Returns:
      The distribution.

    Raises:
      FileNotFoundError: If there is no such file.
      ValueError: If the file is no JSON, or a field is unknown or wrong.
    """
    try:
      value = json.loads(files.read_bytes(path))
    except ValueError as error:
      raise ValueError(
        f"A task distribution must be a JSON file ({error}). "
        f"Received: path={os.fspath(path)!r}"
      ) from error
    try:
      return cls.from_json(value)
    except ValueError as error:
      raise ValueError(f"{os.fspath(path)}: {error}") from error
