# SPDX-License-Identifier: Apache-2.0
"""Meta-parameters as one vector: theta in order, then the log rates.

Replicas reduce this vector, the outer optimizer updates it, and evolution
strategies perturb it.
"""

import math
import re
from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from lurl_tf.meta.inner.unroll import MetaParameters
from lurl_tf.rule.learned.parameter_specs import ordered_specs
from lurl_tf.rule.learned.update_rule import UpdateRule
from lurl_tf.structures import RuleConfig

LOG_RATES = "log_inner_learning_rates"


def initial_parameters(
  rule: UpdateRule, inner_learning_rates: Sequence[float]
) -> tf.Tensor:
  """The vector of a rule and its inner learning rates.

  Args:
    rule: `UpdateRule` with initial meta-parameters.
    inner_learning_rates: Knots of the inner learning rate.

  Returns:
    `[n]`, in the type of the rule.
  """
  log_rates = [math.log(rate) for rate in inner_learning_rates]
  return flatten_parameters(
    MetaParameters(
      tuple(map(tf.convert_to_tensor, rule.meta_parameters)),
      tf.constant(log_rates, rule.config.dtype),
    )
  )


def flatten_parameters(parameters: MetaParameters) -> tf.Tensor:
  """Concatenates meta-parameters.

  Args:
    parameters: `MetaParameters` without an axis of tasks.

  Returns:
    `[n]`.
  """
  return tf.concat(
    [tf.reshape(each, [-1]) for each in tf.nest.flatten(parameters)], axis=0
  )


def unflatten_parameters(
  config: RuleConfig, vector: tf.Tensor
) -> MetaParameters:
  """The inverse of `flatten_parameters`.

  Args:
    config: `RuleConfig` with the sizes of the rule.
    vector: `[n]`, or `[t, n]` for a copy per task.

  Returns:
    `MetaParameters`, each leaf with the leading axes of the vector.
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
  """Mask of the meta-parameters whose names match.

  Args:
    config: `RuleConfig` with the sizes of the rule.
    knots: Number of knots of the inner learning rate.
    patterns: Regular expressions that are searched in the name of every
      meta-parameter and in `"log_inner_learning_rates"`.

  Returns:
    `[n]` bool.

  Raises:
    ValueError: If a pattern matches no name; lists the names.
  """
  sizes = {spec.name: math.prod(spec.shape) for spec in ordered_specs(config)}
  sizes[LOG_RATES] = knots
  for pattern in patterns:
    if not any(re.search(pattern, name) for name in sizes):
      raise ValueError(
        "A pattern must match the name of a meta-parameter, one of "
        f"{list(sizes)}. Received: pattern={pattern!r}"
      )
  return np.concatenate(
    [
      np.full(size, any(re.search(pattern, name) for pattern in patterns))
      for name, size in sizes.items()
    ]
  )
