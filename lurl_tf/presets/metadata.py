# SPDX-License-Identifier: Apache-2.0
"""How a stored rule was made."""

import dataclasses
import json


@dataclasses.dataclass(frozen=True)
class MetaTrainingCurve:
  """A quantity over the meta-training that made a rule.

  Args:
    name: what it is of, such as `"meta-validation accuracy"`.
    steps: `[n]` changes of theta done, ascending.
    values: `[n]` losses, or accuracies in [0, 1].

  Raises:
    ValueError: if there are not as many values as steps.
  """

  name: str
  steps: tuple[int, ...]
  values: tuple[float, ...]

  def __post_init__(self):
    if len(self.steps) != len(self.values):
      raise ValueError(
        "`values` must be as many as `steps`. Received: "
        f"steps={self.steps}, values={self.values}"
      )


@dataclasses.dataclass(frozen=True)
class PresetMetadata:
  """How a rule was made, and the base network it was meta-trained on.

  The defaults of the base network are those of the released program.

  Args:
    library_version: version of lurl_tf that saved it; `save` fills it in.
    checksum: SHA-256 of the weights; `save` fills it in.
    command: the command that made the rule.
    initial_rule: checksum of the rule that the meta-training started from;
      None for random meta-parameters.
    tasks: what it was meta-trained on.
    seed: seed of the meta-training.
    meta_steps: number of changes of theta; 0 for an untrained rule.
    wall_time_seconds: duration of the meta-training.
    units: units of each layer of the base network, bottom first.
    activation: name of its Keras activation.
    batch_size: unlabelled examples of one inner step.
    image_size: height and width of its input images, in pixels; None for
      texts and vectors.
    inner_steps: applications of the rule that make up a whole inner training.
    inner_learning_rates: knots, at equal distances from the first inner step
      to the last, of a schedule that is linear in the logarithm of the rate.
    inner_optimizer: what made the next weights of the rule's proposals: a
      name, and options such as `epsilon=0.001`.
    validation_loss: the meta-objective on held-out classes and fonts, where the
      rule was chosen by it.
    evaluation: a table of results, as text.
    curves: of the meta-training.

  Raises:
    ValueError: if a value is not plain (text, finite numbers, tuples of them),
      as JSON needs; a NumPy integer is not.
  """

  library_version: str = ""
  checksum: str = ""
  command: str = ""
  initial_rule: str | None = None
  tasks: str = ""
  seed: int | None = None
  meta_steps: int = 0
  wall_time_seconds: float = 0.0
  units: tuple[int, ...] = (128, 128, 128, 128, 32)
  activation: str = "relu"
  batch_size: int = 128
  image_size: int | None = 14
  inner_steps: int = 3000
  inner_learning_rates: tuple[float, ...] = (1e-4,)
  inner_optimizer: str = "decayed_sgd"
  validation_loss: float | None = None
  evaluation: str | None = None
  curves: tuple[MetaTrainingCurve, ...] = ()

  def __post_init__(self):
    for name, value in dataclasses.asdict(self).items():
      try:
        json.dumps(value, allow_nan=False)
      except (TypeError, ValueError) as error:
        raise ValueError(
          f"`{name}` must be text, finite numbers, or a tuple of them. "
          f"Received: {name}={value!r}"
        ) from error
