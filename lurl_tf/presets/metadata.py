# SPDX-License-Identifier: Apache-2.0
"""The model card of a stored rule: how it was made and what it is for."""

import dataclasses
import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from lurl_tf.json_fields import from_json


class Score(NamedTuple):
  """A rule's score at one moment of its meta-training.

  Attributes:
    step: Number of outer steps done.
    loss: Mean meta-objective.
    accuracy: Mean accuracy on query examples, in [0, 1]; None if it was not
      recorded.
  """

  step: int
  loss: float
  accuracy: float | None = None


@dataclasses.dataclass(frozen=True)
class PresetMetadata:
  """Origin of a rule, the base network it was made for, and its use.

  The defaults of the base network are those of the released program.

  Args:
    library_version: Version of lurl_tf that saved the rule; filled in by
      `save`.
    checksum: SHA-256 of the weights; filled in by `save`.
    command: Command that made the rule.
    initial_rule: Checksum of the rule that meta-training started from; None
      for random meta-parameters.
    tasks: Name of the task distribution of the meta-training.
    seed: Integer seed of the meta-training.
    outer_steps: Number of outer steps; 0 for an untrained rule.
    wall_time_seconds: Duration of the meta-training, over all resumes.
    units: Units of each layer of the base network, bottom first.
    activation: Name of the base network's Keras activation.
    batch_size: Number of unlabelled examples of one inner step.
    image_size: Height and width of the input images, in pixels; None for
      texts and vectors.
    inner_steps: Number of inner steps of a whole inner training.
    inner_learning_rates: Learning rates at equal distances from the first
      inner step to the last; between them the schedule is linear in the
      logarithm of the rate.
    inner_optimizer: Name of the inner optimizer, with options such as
      `epsilon=0.001`.
    validation: The rule's own score on the validation split; None if it was
      not computed.
    curve: Scores on meta-training tasks over the meta-training, ascending in
      steps.
    validation_curve: Scores on the validation split, ascending in steps.
    evaluation: Table of results on other data, as text.
    good_for: Uses that the rule is meant for, as text.
    not_for: Uses that the rule is known or expected to fail at, as text.
    note: Further remarks, as text.

  Raises:
    ValueError: If a value is not plain (text, finite numbers, tuples of them),
      as JSON needs; a NumPy integer is not.
  """

  library_version: str = ""
  checksum: str = ""
  command: str = ""
  initial_rule: str | None = None
  tasks: str = ""
  seed: int | None = None
  outer_steps: int = 0
  wall_time_seconds: float = 0.0
  units: tuple[int, ...] = (128, 128, 128, 128, 32)
  activation: str = "relu"
  batch_size: int = 128
  image_size: int | None = 14
  inner_steps: int = 3000
  inner_learning_rates: tuple[float, ...] = (1e-4,)
  inner_optimizer: str = "decayed_sgd"
  validation: Score | None = None
  curve: tuple[Score, ...] = ()
  validation_curve: tuple[Score, ...] = ()
  evaluation: str | None = None
  good_for: str = ""
  not_for: str = ""
  note: str = ""

  def __post_init__(self):
    for name, value in dataclasses.asdict(self).items():
      try:
        json.dumps(value, allow_nan=False)
      except (TypeError, ValueError) as error:
        raise ValueError(
          f"`{name}` must be text, finite numbers, or a tuple of them. "
          f"Received: {name}={value!r}"
        ) from error

  @property
  def hours(self) -> float:
    """Duration of the meta-training in hours."""
    return self.wall_time_seconds / 3600


def read_metadata(fields: Any) -> PresetMetadata:
  """Makes `PresetMetadata` of the JSON object of any version of lurl_tf.

  Args:
    fields: Return value of `json.load`; absent fields take their defaults.

  Returns:
    `PresetMetadata`.

  Raises:
    ValueError: If a field is unknown or has a wrong type; names it.
  """
  if isinstance(fields, Mapping):
    fields = _of_version_0_2(dict(fields))
  return from_json(PresetMetadata, fields)


def _of_version_0_2(fields: dict[str, Any]) -> dict[str, Any]:
  """Replaces the fields of version 0.1 that have other names now."""
  if "meta_steps" in fields:
    fields.setdefault("outer_steps", fields.pop("meta_steps"))
  curves = {}
  for curve in fields.pop("curves", ()):
    curves[curve["name"]] = dict(zip(curve["steps"], curve["values"]))
  for name, use in (
    ("curve", "meta-training"),
    ("validation_curve", "meta-validation"),
  ):
    accuracies = curves.get(f"{use} accuracy", {})
    losses = curves.get(f"{use} loss", {})
    if losses:
      fields[name] = [[s, losses[s], accuracies.get(s)] for s in losses]
  loss = fields.pop("validation_loss", None)
  if loss is not None:
    step = fields.get("outer_steps", 0)
    accuracy = curves.get("meta-validation accuracy", {}).get(step)
    fields["validation"] = [step, loss, accuracy]
  return fields
