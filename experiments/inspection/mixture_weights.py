# SPDX-License-Identifier: Apache-2.0
"""Coefficients of the terms of a learned rule's weight change."""

import numpy as np

from lurl_tf.rule import UpdateRule
from lurl_tf.rule.learned.weight_change import WeightTerms


def mixture_weights(rule: UpdateRule) -> dict[str, float]:
  """Returns the coefficients with which `merge_terms` adds the terms.

  The change is subtracted from the weights. A positive coefficient of
  `hebbian`, whose term has a minus sign, therefore increases the correlation of
  a unit with its inputs. The columns of every term have a root mean square of
  at most 1 before they are added, so coefficients can be compared.

  Args:
    rule: Learned rule.

  Returns:
    Coefficients by name of the term, in the order of `WeightTerms`. Names of
    coefficients for backward weights begin with `V/`, if the rule has them.

  Example:

  >>> from experiments.inspection.mixture_weights import mixture_weights
  >>> list(mixture_weights(lurl_tf.UpdateRule(seed=0)))[:3]
  ['order_0', 'order_1', 'decorrelation']
  """
  parameters = rule.parameters()
  parts = {"": parameters.forward}
  if parameters.backward:
    parts["V/"] = parameters.backward
  return {
    f"{prefix}{name}": float(coefficient)
    for prefix, part in parts.items()
    for name, coefficient in zip(
      WeightTerms._fields,
      np.asarray(part.coefficients.kernel)[:, 0],
      strict=True,
    )
  }
