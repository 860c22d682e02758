# SPDX-License-Identifier: Apache-2.0
"""Theta from stored arrays by name."""

from collections.abc import Mapping

import numpy as np

from lurl_tf.rule.learned.parameter_specs import ordered_specs
from lurl_tf.structures import RuleConfig


def ordered_values(
  config: RuleConfig, arrays: Mapping[str, np.ndarray]
) -> list[np.ndarray]:
  """Values of theta in order, checked against what the config asks for.

  Args:
    config: sizes of the rule.
    arrays: theta, each array under its name, in any order.

  Returns:
    One array per meta-parameter, in the rule's order and dtype.

  Raises:
    ValueError: if a name is missing or unknown, or a shape is another one.
  """
  specs = ordered_specs(config)
  expected = {spec.name: spec.shape for spec in specs}
  received = {name: np.shape(array) for name, array in arrays.items()}
  if expected != received:
    names = sorted(
      name
      for name in {*expected, *received}
      if expected.get(name) != received.get(name)
    )
    first = names[0]
    raise ValueError(
      f"The arrays do not belong to a rule of {config}. They differ in "
      f"{len(names)} names; the first is {first!r}: expected shape "
      f"{expected.get(first)}. Received: shape {received.get(first)}"
    )
  return [np.asarray(arrays[spec.name], config.dtype) for spec in specs]
