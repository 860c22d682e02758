# SPDX-License-Identifier: Apache-2.0
"""Number of floating-point operations in an inner step's matrix products.

A product of `[rows, k]` and `[k, n]` counts `2 rows k n`. Elementwise
operations, normalisations and reductions are not counted: they are a small
part of the arithmetic.
"""

from collections.abc import Sequence

from lurl_tf.rule.learned.parameter_specs import MIXING_TAPS, TOP_INPUT_TAPS
from lurl_tf.structures import RuleConfig

# x, z, and the sine and cosine of the unit's place or its share of the
# competition.
ACTIVATION_FEATURES = {"published": 4, "pooled": 3}
# Eight statistics of weights, and the bias.
UNIT_CONSTANTS = 9
# The gradient of a product takes one more product for each of its factors.
GRADIENT_FACTOR = 3


def inner_step_operations(
  rule: RuleConfig, input_size: int, units: Sequence[int], batch_size: int
) -> int:
  """Counts the operations of one inner step of one task: base model and rule.

  The meta-gradient takes `GRADIENT_FACTOR` times as many, without the results
  that are recomputed to save memory.

  Args:
    rule: `RuleConfig` of the rule.
    input_size: Number of inputs of the base model.
    units: Units of each layer, bottom first.
    batch_size: Number of examples of a batch.

  Returns:
    Number of floating-point operations.
  """
  sizes = (input_size, *units)
  count = _top_network(rule, units[-1], batch_size)
  for size in sizes:
    count += _unit_network(rule, size, batch_size)
  kernels = 1 if rule.identical_updates else 2
  for below, above in zip(sizes, units):
    count += 2 * batch_size * below * above  # forward pass
    count += _carry_down(rule, below, above, batch_size)
    count += kernels * _kernel_change(rule, below, above, batch_size)
    count += 2 * above * batch_size * rule.hidden_channels  # bias change
  return count


def _mixer(rule, units, examples, channels, outputs, taps=MIXING_TAPS):
  rows = units * examples
  if rule.mixing == "pooled":  # itself, and two means
    return 2 * (rows + units + examples) * channels * outputs
  return 2 * rows * taps * channels * outputs


def _top_network(rule, units, examples):
  channels = rule.top_channels
  if rule.mixing == "pooled":
    count = _mixer(rule, units, examples, 2, channels)
    count += 2 * _mixer(rule, units, examples, channels, channels)
  else:
    count = _mixer(rule, units, examples, 1, channels, TOP_INPUT_TAPS)
    # Units take the place of channels.
    count += 2 * _mixer(rule, channels, examples, units, units)
  count += 2 * _mixer(rule, units, examples, channels, channels)
  return count + _mixer(rule, units, examples, channels, rule.delta_channels)


def _unit_network(rule, units, examples):
  hidden = rule.hidden_channels
  seen = ACTIVATION_FEATURES[rule.mixing] + UNIT_CONSTANTS + rule.delta_channels
  return _mixer(rule, units, examples, seen, hidden) + 5 * _mixer(
    rule, units, examples, hidden, hidden
  )


def _carry_down(rule, below, above, examples):
  delta = rule.delta_channels
  read = 2 * above * examples * rule.hidden_channels * delta
  return read + 2 * below * above * examples * delta


def _kernel_change(rule, below, above, examples):
  readout = rule.readout_channels
  read = 2 * examples * rule.hidden_channels * readout
  contracted = 2 * examples * readout
  return (
    # Eight maps of the states above, seven of those below.
    read * (8 * above + 7 * below)
    + contracted * (3 * below * above + 3 * above**2 + 2 * below**2)
    # Correlations of units.
    + 2 * examples * (above**2 + below * above)
    # Four terms mix columns, two mix rows.
    + 2 * below * above * (4 * above + 2 * below)
  )
