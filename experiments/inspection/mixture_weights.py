# SPDX-License-Identifier: Apache-2.0
"""How much a learned rule makes of each term of its weight change."""

import numpy as np

from lurl_tf.rule import UpdateRule
from lurl_tf.rule.learned.weight_change import WeightTerms


def mixture_weights(rule: UpdateRule) -> dict[str, float]:
  """The coefficients with which the terms are merged (`merge_terms`).

  A change is subtracted: a positive coefficient of `hebbian`, whose term has
  a minus sign, makes units follow their inputs. No column of a term has a root
  mean square above 1 when it is merged, so coefficients can be compared.

  Args:
    rule: a learned rule.

  Returns:
    Name of a term to its coefficient, in the order of `WeightTerms`; with
    `V/` before the name for changes of the backward weights, if they have
    coefficients of their own.

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
