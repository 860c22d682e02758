# SPDX-License-Identifier: Apache-2.0
"""Random draws of an evaluation: permutations, labelled examples, batches.

Every draw is a function of the seed and of integers that identify it, so that
all methods see the same draws.
"""

import numpy as np

from lurl_tf.random_numbers import Stream
from lurl_tf.structures import LabelledExamples
from lurl_tf.tasks.examples import scale_to_unit


def draw_permutations(input_size: int, count: int, seed: int) -> np.ndarray:
  """Draws orders of the inputs, one per set of initial weights.

  Args:
    input_size: Number of inputs.
    count: Number of sets of initial weights.
    seed: Integer seed of the evaluation.

  Returns:
    `[t, i]` indices.
  """
  return np.stack(
    [
      np.random.default_rng(
        [seed, Stream.EVALUATION_PERMUTATION, index]
      ).permutation(input_size)
      for index in range(count)
    ]
  )


def draw_support(
  train: LabelledExamples, per_class: int, label_draws: int, seed: int
) -> np.ndarray:
  """Draws balanced sets of labelled examples that share no example.

  Args:
    train: Training split.
    per_class: Labelled examples per class in one draw.
    label_draws: Number of draws.
    seed: Integer seed of the evaluation.

  Returns:
    `[d, b]` row numbers; `per_class` of every class, shuffled.

  Raises:
    ValueError: If a class has too few examples.
  """
  needed = per_class * label_draws
  rng = np.random.default_rng([seed, Stream.EVALUATION_SUPPORT])
  rows = []
  for label, name in enumerate(train.class_names):
    members = np.flatnonzero(train.labels == label)
    if len(members) < needed:
      raise ValueError(
        f"The label draws share no example, so {label_draws} draws of "
        f"{per_class} need {needed} examples of every class. Received: class "
        f"{name!r} with {len(members)} examples"
      )
    chosen = rng.permutation(members)[:needed]
    rows.append(chosen.reshape(label_draws, per_class))
  return rng.permuted(np.concatenate(rows, axis=1), axis=1)


class UnlabelledBatches:
  """Batches for the inner steps of several sets of initial weights.

  Each set has its own order of examples, without replacement within an epoch.
  The incomplete batch at the end of an epoch is dropped.

  Args:
    inputs: `[b, i]` inputs of the training split, uint8 or float.
    permutations: `[t, i]` orders of the inputs, see `draw_permutations`.
    batch_size: Examples per batch.
    seed: Integer seed of the evaluation.
  """

  def __init__(
    self,
    inputs: np.ndarray,
    permutations: np.ndarray,
    batch_size: int,
    seed: int,
  ):
    self._inputs = inputs
    self._permutations = permutations
    self._batch_size = batch_size
    self._seed = seed

  @property
  def step_shape(self) -> tuple[int, int, int]:
    """Shape `(t, b, i)` of the batches of one step."""
    count, input_size = self._permutations.shape
    return count, self._batch_size, input_size

  def stack(self, first_step: int, num_steps: int) -> np.ndarray:
    """Returns the batches of consecutive steps.

    Args:
      first_step: Number of the first step, from 0.
      num_steps: Number of steps.

    Returns:
      Float32 `[num_steps, t, b, i]`, permuted and scaled.
    """
    stack = np.empty([num_steps, *self.step_shape], np.float32)
    for task, permutation in enumerate(self._permutations):
      rows = self.rows(task, first_step, num_steps)
      for index, batch in enumerate(rows):
        stack[index, task] = scale_to_unit(self._inputs[batch][:, permutation])
    return stack

  def rows(self, task: int, first_step: int, num_steps: int) -> np.ndarray:
    """Returns the rows of the batches of one set of initial weights.

    Args:
      task: Index of the set of initial weights.
      first_step: Number of the first step, from 0.
      num_steps: Number of steps.

    Returns:
      `[num_steps, b]` row numbers of the training split.
    """
    per_epoch = len(self._inputs) // self._batch_size
    steps = np.arange(first_step, first_step + num_steps)
    batches = [
      self._epoch(task, epoch, per_epoch)[
        steps[steps // per_epoch == epoch] % per_epoch
      ]
      for epoch in np.unique(steps // per_epoch)
    ]
    return np.concatenate(batches)

  def _epoch(self, task: int, epoch: int, per_epoch: int) -> np.ndarray:
    rng = np.random.default_rng(
      [self._seed, Stream.EVALUATION_BATCH, task, int(epoch)]
    )
    order = rng.permutation(len(self._inputs))
    return order[: per_epoch * self._batch_size].reshape(per_epoch, -1)
