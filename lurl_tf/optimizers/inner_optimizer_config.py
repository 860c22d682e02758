# SPDX-License-Identifier: Apache-2.0
"""Configuration of the optimizer that applies a rule's proposals."""

import dataclasses
import json
import math
from typing import Literal

import keras

from lurl_tf.json_fields import from_json
from lurl_tf.optimizers.decayed_sgd import DecayedSGD, LearningRate

# Options of each optimizer.
_OPTIONS = {
  "decayed_sgd": (),
  "sgd": ("momentum", "nesterov"),
  "adam": ("beta_1", "beta_2", "epsilon"),
}


@dataclasses.dataclass(frozen=True)
class InnerOptimizerConfig:
  """Name and options of an inner optimizer, without its learning rate.

  Args:
    name: `"decayed_sgd"`, the published optimizer, or Keras's `"sgd"` or
      `"adam"`.
    momentum: Momentum of `"sgd"`.
    nesterov: Whether the momentum of `"sgd"` is Nesterov's.
    beta_1: Decay of the mean of changes, for `"adam"`.
    beta_2: Decay of the mean of squared changes, for `"adam"`.
    epsilon: Number added to the root of the mean square, for `"adam"`. Larger
      than Keras's 1e-7, because meta-training differentiates the step: the
      derivative of a weight whose proposals were all zero, such as that of a
      dead unit, is about 1 / epsilon.

  Raises:
    ValueError: If a number is out of range or the name is unknown.

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
    """Makes the Keras optimizer.

    Args:
      learning_rate: Number, or a schedule such as `LogLinearRate`.

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
    """Returns the name and the options of this optimizer, on one line."""
    options = (
      f"{field}={json.dumps(getattr(self, field))}"
      for field in _OPTIONS[self.name]
    )
    return " ".join([self.name, *options])

  @classmethod
  def from_text(cls, text: str) -> "InnerOptimizerConfig":
    """Parses the return value of `to_text`.

    Args:
      text: Name, and options such as `epsilon=0.01` in any order.

    Returns:
      The config.

    Raises:
      ValueError: If the text is not of this form, or an option is unknown.
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
