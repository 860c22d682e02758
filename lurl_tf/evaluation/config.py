# SPDX-License-Identifier: Apache-2.0
"""Configuration of an evaluation."""

import dataclasses
from collections.abc import Callable
from typing import Any, Self

from lurl_tf.optimizers import InnerOptimizerConfig
from lurl_tf.presets import PresetMetadata

# Takes a method, a unit of work, the number of units done and their total.
Report = Callable[[str, str, int, int], None]

# XLA takes about 10 seconds to compile an inner step, and then saves up to
# half of its time.
_STEPS_WORTH_COMPILING = 500


@dataclasses.dataclass(frozen=True)
class EvaluationConfig:
  """Base network, inner training and draws of an evaluation.

  Args:
    units: Units of the base network's layers, bottom first.
    activation: Name of the base network's Keras activation.
    batch_size: Unlabelled examples per inner step.
    inner_steps: Numbers of inner steps after which features are scored,
      ascending.
    learning_rates: Knots of the inner learning rate over progress t / T, see
      `lurl_tf.optimizers.scheduled_rate`.
    horizon: T, the number of inner steps of a whole inner training.
    examples_per_class: Labelled examples per class in one label draw.
    initial_weights: Number of sets of initial weights, the unit of standard
      errors.
    label_draws: Number of draws of labelled examples, crossed with initial
      weights.
    seed: Integer seed of all draws.
    dtype: Float type of the base networks, equal to that of the rules.
    jit_compile: Whether the inner training is compiled with XLA.
    inner_optimizer: Optimizer that applies the rules' proposals.
    permute_inputs: Whether every set of initial weights has its own order of
      inputs.

  Raises:
    ValueError: If a value is out of range.
  """

  units: tuple[int, ...] = (128, 32)
  activation: str = "relu"
  batch_size: int = 128
  inner_steps: tuple[int, ...] = (1000,)
  learning_rates: tuple[float, ...] = (1e-4,)
  horizon: int = 1000
  examples_per_class: int = 10
  initial_weights: int = 5
  label_draws: int = 4
  seed: int = 0
  dtype: str = "float32"
  jit_compile: bool = False
  inner_optimizer: InnerOptimizerConfig = InnerOptimizerConfig()
  permute_inputs: bool = True

  def __post_init__(self):
    least = {
      "batch_size": 2,
      "horizon": 1,
      "examples_per_class": 1,
      "initial_weights": 1,
      "label_draws": 1,
      "seed": 0,
    }
    for name, minimum in least.items():
      value = getattr(self, name)
      if value < minimum:
        raise ValueError(
          f"`{name}` must be {minimum} or more. Received: {name}={value}"
        )
    steps = self.inner_steps
    if not steps or min(steps) < 0 or list(steps) != sorted(set(steps)):
      raise ValueError(
        "`inner_steps` must be ascending and not negative. "
        f"Received: inner_steps={steps}"
      )
    if not self.units or min(self.units) < 1:
      raise ValueError(
        f"`units` must be positive numbers. Received: units={self.units}"
      )
    if not self.learning_rates or min(self.learning_rates) <= 0:
      raise ValueError(
        "`learning_rates` must be positive numbers. "
        f"Received: learning_rates={self.learning_rates}"
      )

  @classmethod
  def from_metadata(cls, metadata: PresetMetadata, **changes: Any) -> Self:
    """Returns the evaluation that a rule was meta-trained for.

    With 500 or more inner steps, the inner training is compiled with XLA.

    Args:
      metadata: Metadata of the rule: base network and inner training.
      **changes: Fields that differ, such as `initial_weights=10`.

    Raises:
      ValueError: If a value is out of range.

    Example:

    >>> metadata = lurl_tf.rule.get("oja").metadata
    >>> EvaluationConfig.from_metadata(metadata, label_draws=2).inner_steps
    (100,)
    """
    config = cls(
      **{
        "units": metadata.units,
        "activation": metadata.activation,
        "batch_size": metadata.batch_size,
        "inner_steps": (metadata.inner_steps,),
        "learning_rates": metadata.inner_learning_rates,
        "horizon": metadata.inner_steps,
        "inner_optimizer": InnerOptimizerConfig.from_text(
          metadata.inner_optimizer
        ),
        **changes,
      }
    )
    if "jit_compile" in changes:
      return config
    is_long = config.inner_steps[-1] >= _STEPS_WORTH_COMPILING
    return dataclasses.replace(config, jit_compile=is_long)

  @property
  def num_episodes(self) -> int:
    """Number of initial weights times label draws."""
    return self.initial_weights * self.label_draws


def split_episodes(episodes: int) -> tuple[int, int]:
  """Splits a number of episodes into initial weights and label draws.

  From 20 episodes on, there are at least 5 initial weights and at least 4
  draws: 4 draws if 4 divides the episodes, else 5 or 6, else 4 with the
  episodes rounded up. Below 20 episodes, the number of draws is the largest
  divisor up to 4 that is at most the number of initial weights.

  Args:
    episodes: Number of episodes, positive.

  Returns:
    Numbers of initial weights and of label draws. Their product is `episodes`
    or, from 20 on, the next multiple of 4.

  Raises:
    ValueError: If `episodes` is not positive.

  Example:

  >>> split_episodes(20), split_episodes(50), split_episodes(6)
  ((5, 4), (10, 5), (3, 2))
  """
  if episodes < 1:
    raise ValueError(
      f"`episodes` must be positive. Received: episodes={episodes}"
    )
  for draws in (4, 5, 6) if episodes >= 20 else (4, 3, 2, 1):
    if episodes % draws == 0 and episodes // draws >= draws:
      return episodes // draws, draws
  return -(-episodes // 4), 4
