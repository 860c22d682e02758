# SPDX-License-Identifier: Apache-2.0
"""Estimates of the inference statistics for the current weights."""

from collections.abc import Callable, Iterable, Sequence

import numpy as np
import tensorflow as tf

from lurl_tf.layers import LocalRuleDense
from lurl_tf.layers.forward_pass import Moments


def estimate_statistics(
  layers: Sequence[LocalRuleDense],
  moments_of: Callable[[tf.Tensor], tuple[Moments, ...]],
  batches: Iterable[tf.Tensor],
) -> int:
  """Sets the moving statistics to those of all examples together.

  The inputs of the upper layers come from a forward pass in which every batch
  is normalised by its own statistics, as in training. Over n batches of means
  m and variances v, the mean is sum(m) / n, and the variance is
  sum(v + m^2) / n - mean^2.

  Args:
    layers: Layers of the chain, bottom first.
    moments_of: Function that returns the layers' statistics for one batch.
    batches: Inputs of the chain, batches of one size.

  Returns:
    Number of batches; with none, the statistics are unchanged.
  """
  totals = [[0.0, 0.0] for _ in layers]
  count = 0
  for batch in batches:
    for total, moments in zip(totals, moments_of(batch)):
      mean, variance = (np.asarray(m, np.float64)[0] for m in moments)
      total[0] += mean
      total[1] += variance + mean**2
    count += 1
  if count:
    for layer, (mean_sum, square_sum) in zip(layers, totals):
      mean = mean_sum / count
      layer.moving_mean.assign(mean)
      layer.moving_variance.assign(
        np.maximum(square_sum / count - mean**2, 0.0)
      )
  return count
