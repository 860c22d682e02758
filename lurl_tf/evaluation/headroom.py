# SPDX-License-Identifier: Apache-2.0
"""Accuracy that better features can gain on tasks, before meta-training."""

from typing import NamedTuple

import numpy as np
import tensorflow as tf

from lurl_tf.baselines import KMeansTriangle
from lurl_tf.layers.forward_pass import forward
from lurl_tf.meta.inner.objective import ridge_objective
from lurl_tf.meta.inner.truncated_task import TruncatedTask
from lurl_tf.meta.inner.unroll_config import UnrollConfig
from lurl_tf.meta.inner.variation import vary_truncation
from lurl_tf.meta.slots.draw import draw_truncation
from lurl_tf.random_numbers import Stream
from lurl_tf.structures import Episode, LayerWeights, RuleConfig
from lurl_tf.tasks.augmentation.config import AugmentationConfig
from lurl_tf.tasks.distributions.bucket import Bucket
from lurl_tf.tasks.episodes import TaskSampler

_UNLABELLED_BATCHES = 16


class FeatureScore(NamedTuple):
  """Ridge read-out of one kind of features, averaged over tasks.

  Attributes:
    loss: Meta-objective (scale-free, without the penalty).
    accuracy: Accuracy on query examples, in [0, 1].
    accuracy_stderr: Standard error of `accuracy`.
  """

  loss: float
  accuracy: float
  accuracy_stderr: float


class Headroom(NamedTuple):
  """Scores of known features on the tasks of one data set.

  Attributes:
    data_set: Name of the data set.
    chance: Accuracy of guessing.
    random_features: Score of a base network with its initial weights.
    raw_inputs: Score of the inputs of the base network.
    k_means: Score of distances to the means of k-means, with as many clusters
      as the base network has top units (Coates and Ng 2012, "triangle").
  """

  data_set: str
  chance: float
  random_features: FeatureScore
  raw_inputs: FeatureScore
  k_means: FeatureScore

  @property
  def gain(self) -> float:
    """Best accuracy of raw inputs and k-means minus that of random features."""
    best = max(self.raw_inputs.accuracy, self.k_means.accuracy)
    return best - self.random_features.accuracy


def measure_headroom(
  sampler: TaskSampler,
  bucket: Bucket,
  augmentation: AugmentationConfig,
  data_set: str,
  tasks: int = 20,
  seed: int = 0,
) -> Headroom:
  """Scores random features, raw inputs and k-means on a data set's tasks.

  The inputs are drawn, augmented and varied as in meta-training.

  Args:
    sampler: Sampler of the bucket.
    bucket: Bucket whose base network and episodes are used.
    augmentation: Variation of examples and tasks.
    data_set: Name of one of the sampler's data sets; all data sets of this name
      are used together.
    tasks: Number of tasks; 2 or more.
    seed: Integer seed of all draws.

  Returns:
    `Headroom`.

  Raises:
    ValueError: If the sampler has no such data set, or `tasks` is below 2.
  """
  chosen = [each for each in sampler.data_sets if each.name == data_set]
  if not chosen or tasks < 2:
    names = ", ".join(dict.fromkeys(each.name for each in sampler.data_sets))
    raise ValueError(
      f"`data_set` must be one of {names}, and `tasks` 2 or more. "
      f"Received: data_set={data_set!r}, tasks={tasks}"
    )
  sampler = TaskSampler(chosen, bucket.episodes, seed, sampler.use)
  unroll = UnrollConfig(_UNLABELLED_BATCHES, evaluate_every=_UNLABELLED_BATCHES)
  data = vary_truncation(
    *draw_truncation(sampler, unroll, "float32", np.zeros(tasks), 0),
    sampler.image_shape,
    augmentation,
    regress_coefficients=False,
  )
  episode = tf.nest.map_structure(lambda stack: stack[0], data.episodes)
  task = TruncatedTask(
    RuleConfig(), unroll, sampler.input_size, bucket.units, bucket.activation
  )
  weights_seed = tf.constant(sampler.device_seed(Stream.FRESH_WEIGHTS))
  weights = task.init(weights_seed, tasks).weights
  weights = [LayerWeights(*(each[:, None] for each in w)) for w in weights]
  inputs = tf.concat([episode.support_inputs, episode.query_inputs], axis=2)
  unlabelled = tf.transpose(data.batches, [1, 0, 2, 3]).numpy()
  k_means = np.stack(
    [
      _k_means_features(rows.reshape(-1, rows.shape[-1]), each, bucket, seed)
      for rows, each in zip(unlabelled, inputs.numpy())
    ]
  )
  return Headroom(
    data_set,
    1.0 / bucket.episodes.classes_per_task,
    _score(forward(weights, inputs, bucket.activation).features, episode),
    _score(inputs, episode),
    _score(tf.constant(k_means), episode),
  )


def _k_means_features(
  unlabelled: np.ndarray, inputs: np.ndarray, bucket: Bucket, seed: int
) -> np.ndarray:
  """Computes the features `[..., k]` of `KMeansTriangle`."""
  features = KMeansTriangle(bucket.units[-1]).fit(unlabelled, seed)
  encoded = features(inputs.reshape(-1, inputs.shape[-1]))
  return encoded.reshape(*inputs.shape[:-1], -1)


def _score(features: tf.Tensor, episode: Episode) -> FeatureScore:
  """Scores features `[t, d, b, u]` of concatenated support and query."""
  support = episode.support_targets.shape[2]
  value = ridge_objective(
    features[:, :, :support],
    episode.support_targets,
    features[:, :, support:],
    episode.query_targets,
    ridge="relative",
    penalty_in_loss=False,
    normalize_logits=episode.support_targets.shape[-1] > 2,
  )
  per_task = value.accuracy.numpy().mean(axis=1)
  return FeatureScore(
    float(np.mean(value.loss)),
    float(per_task.mean()),
    float(per_task.std(ddof=1) / np.sqrt(len(per_task))),
  )
