# SPDX-License-Identifier: Apache-2.0
"""From an estimator's config to the estimator."""

import numpy as np

from lurl_tf.meta.estimators.config import EstimatorConfig
from lurl_tf.meta.estimators.estimator import Estimator
from lurl_tf.meta.estimators.truncated_backpropagation import (
  FullBackpropagation,
  TruncatedBackpropagation,
)
from lurl_tf.meta.flat_parameters import parameter_mask
from lurl_tf.structures import RuleConfig


def get_estimator(
  config: EstimatorConfig, rule: RuleConfig, knots: int, trained: np.ndarray
) -> Estimator:
  """Makes an estimator.

  Args:
    config: which one, and its numbers.
    rule: the rule's sizes.
    knots: of the inner learning rate.
    trained: `[n]` bool, the meta-parameters that are trained; the others are
      not perturbed.

  Returns:
    `Estimator`.

  Raises:
    ValueError: if a mixture leaves nothing to evolution.
  """
  if config.name == "tbptt":
    return TruncatedBackpropagation()
  return FullBackpropagation()
