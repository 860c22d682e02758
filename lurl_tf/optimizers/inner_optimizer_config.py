# SPDX-License-Identifier: Apache-2.0
"""Which optimizer turns a rule's proposals into the next weights."""

import dataclasses
import json
import math
from typing import Literal

import keras

from lurl_tf.json_fields import from_json
from lurl_tf.optimizers.decayed_sgd import DecayedSGD, LearningRate

# What has a meaning for which optimizer.
_OPTIONS = {
  "decayed_sgd": (),
  "sgd": ("momentum", "nesterov"),
  "adam": ("beta_1", "beta_2", "epsilon"),
}


@dataclasses.dataclass(frozen=True)
class InnerOptimizerConfig:
  """An inner optimizer; its learning rate is given apart from it.

  Args:
    name: `"decayed_sgd"`, the published one; Keras's `"sgd"` or `"adam"`.
    momentum: of `"sgd"`.
    nesterov: whether the momentum of `"sgd"` is Nesterov's.
    beta_1: of `"adam"`, decay of the mean of changes.
    beta_2: of `"adam"`, decay of the mean of their squares.
    epsilon: of `"adam"`, added to the root of the mean square. Larger than
      Keras's 1e-7, because meta-training differentiates the step: a weight
      whose proposals were all zero, as those of dead units are, has a
      derivative of about 1 / epsilon.

  Raises:
    ValueError: if a number is out of range or the name is unknown.

  Example:

  >>> config = lurl_tf.optimizers.InnerOptimizerConfig("sgd", momentum=0.5)
  >>> config.to_text()
  'sgd momentum=0.5 nesterov=false'
  """

  name: Literal["decayed_sgd", "sgd", "adam"] = "decayed_sgd"
  momentum: float = 0.9
  nesterov: bool = False
  beta_1: float = 0.9
  beta_2: float = 0.999
  epsilon: float = 1e-3

  def __post_init__(self):
    if self.name not in _OPTIONS:
      raise ValueError(
        f"`name` must be one of {', '.join(_OPTIONS)}. "
        f"Received: name={self.name!r}"
      )
    for field in ("momentum", "beta_1", "beta_2"):
      if not 0 <= getattr(self, field) < 1:
        raise ValueError(
          f"`{field}` must be from 0 to below 1. "
          f"Received: {field}={getattr(self, field)}"
        )
    if not isinstance(self.nesterov, bool):
      raise ValueError(
        "`nesterov` must be True or False. "
        f"Received: nesterov={self.nesterov!r}"
      )
    if not (self.epsilon > 0 and math.isfinite(self.epsilon)):
      raise ValueError(
        f"`epsilon` must be positive. Received: epsilon={self.epsilon}"
      )

  def to_keras(self, learning_rate: LearningRate) -> keras.optimizers.Optimizer:
    """The Keras optimizer.

    Args:
      learning_rate: a number, or a schedule such as `LogLinearRate`.

    Returns:
      A new optimizer.
    """
    if self.name == "decayed_sgd":
      return DecayedSGD(learning_rate)
    if self.name == "sgd":
      return keras.optimizers.SGD(
        learning_rate, float(self.momentum), self.nesterov
      )
    return keras.optimizers.Adam(
      learning_rate, self.beta_1, self.beta_2, self.epsilon
    )

  def to_text(self) -> str:
    """The name, and the options that matter for it, on one line."""
    options = (
      f"{field}={json.dumps(getattr(self, field))}"
      for field in _OPTIONS[self.name]
    )
    return " ".join([self.name, *options])

  @classmethod
  def from_text(cls, text: str) -> "InnerOptimizerConfig":
    """Reads what `to_text` wrote.

    Args:
      text: a name, and options such as `epsilon=0.01`, in any order.

    Returns:
      The config.

    Raises:
      ValueError: if the text is not of this form, or an option is unknown.
    """
    name, *options = text.split() or [""]
    fields = {"name": name}
    for option in options:
      field, _, value = option.partition("=")
      try:
        fields[field] = json.loads(value)
      except ValueError as error:
        raise ValueError(
          "An inner optimizer must be a name and options such as "
          f"epsilon=0.01. Received: {text!r}"
        ) from error
    return from_json(cls, fields, "inner_optimizer")
