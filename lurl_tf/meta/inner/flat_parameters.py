# SPDX-License-Identifier: Apache-2.0
"""What is meta-learned as one vector: theta in order, then the log rates.

One vector is what replicas reduce, what the outer optimizer moves and what
evolution strategies perturb.
"""

import math
import re
from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from lurl_tf.meta.inner.unroll import MetaParameters
from lurl_tf.rule.learned.parameter_specs import ordered_specs
from lurl_tf.structures import RuleConfig

LOG_RATES = "log_inner_learning_rates"


def flatten_parameters(parameters: MetaParameters) -> tf.Tensor:
  """The vector `[n]` of parameters without an axis of tasks."""
  return tf.concat(
    [tf.reshape(each, [-1]) for each in tf.nest.flatten(parameters)], axis=0
  )


def unflatten_parameters(
  config: RuleConfig, vector: tf.Tensor
) -> MetaParameters:
  """The inverse of `flatten_parameters`.

  Args:
    config: the rule's sizes.
    vector: `[n]`, or `[t, n]` for a copy per task.

  Returns:
    `MetaParameters`, each leaf with the vector's leading axes.
  """
  specs = ordered_specs(config)
  sizes = [math.prod(spec.shape) for spec in specs]
  knots = vector.shape[-1] - sum(sizes)
  *theta, log_rates = tf.split(vector, [*sizes, knots], axis=-1)
  leading = vector.shape[:-1]
  return MetaParameters(
    tuple(
      tf.reshape(value, [*leading, *spec.shape])
      for value, spec in zip(theta, specs)
    ),
    log_rates,
  )


def parameter_mask(
  config: RuleConfig, knots: int, patterns: Sequence[str]
) -> np.ndarray:
  """Which numbers of the vector belong to meta-parameters of some names.

  Args:
    config: the rule's sizes.
    knots: of the inner learning rate.
    patterns: regular expressions, found anywhere in the name of a
      meta-parameter or in `"log_inner_learning_rates"`.

  Returns:
    `[n]` bool.

  Raises:
    ValueError: if a pattern is found in no name; lists the names.
  """
  sizes = {spec.name: math.prod(spec.shape) for spec in ordered_specs(config)}
  sizes[LOG_RATES] = knots
  for pattern in patterns:
    if not any(re.search(pattern, name) for name in sizes):
      raise ValueError(
        "A pattern must be found in the name of a meta-parameter, one of "
        f"{list(sizes)}. Received: {pattern!r}"
      )
  return np.concatenate(
    [
      np.full(size, any(re.search(pattern, name) for pattern in patterns))
      for name, size in sizes.items()
    ]
  )
