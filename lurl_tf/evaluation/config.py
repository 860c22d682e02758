# SPDX-License-Identifier: Apache-2.0
"""How a rule is evaluated."""

import dataclasses

from lurl_tf.optimizers import InnerOptimizerConfig


@dataclasses.dataclass(frozen=True)
class EvaluationConfig:
  """How a rule is evaluated.

  Args:
    units: units of the base model's layers, bottom first.
    activation: of the base model, as Keras names it.
    batch_size: unlabelled examples of an inner step.
    inner_steps: numbers of inner steps after which features are scored,
      ascending.
    learning_rates: knots of the inner learning rate over progress t / T, see
      `lurl_tf.optimizers.scheduled_rate`.
    horizon: T, the inner steps of a whole inner training.
    examples_per_class: labelled examples of a class in one label draw.
    initial_weights: sets of initial weights; the unit of standard errors.
    label_draws: draws of labelled examples, crossed with initial weights.
    seed: of all draws.
    dtype: float type of the base models; the rules' own.
    jit_compile: whether XLA compiles the inner training.
    inner_optimizer: makes the next weights of the rules' proposals.
    permute_inputs: whether every set of initial weights sees the inputs in an
      order of its own; else all see them in their own order.

  Raises:
    ValueError: if a number is out of range.
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
        "`inner_steps` must be ascending numbers, none negative. "
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

  @property
  def num_episodes(self) -> int:
    """Initial weights times label draws."""
    return self.initial_weights * self.label_draws


def split_episodes(episodes: int) -> tuple[int, int]:
  """How many initial weights and label draws make up a number of episodes.

  From 20 on there are at least 5 initial weights and at least 4 draws: 4
  draws if that divides the episodes, else 5 or 6, else 4 with the episodes
  rounded up. Below 20 there are as many draws, up to 4, as divide the episodes
  and are no more than the initial weights.

  Args:
    episodes: number of episodes wanted, positive.

  Returns:
    Initial weights and label draws, whose product is `episodes` or, from 20
    on, the next multiple of 4.

  Raises:
    ValueError: if `episodes` is not positive.

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
