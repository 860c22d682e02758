# SPDX-License-Identifier: Apache-2.0
"""Reads the rule in a checkpoint, for a process that watches the run."""

from typing import NamedTuple

import numpy as np
import tensorflow as tf

from lurl_tf.meta.inner.flat_parameters import unflatten_parameters
from lurl_tf.meta.runs.checkpoints import SavedCheckpoint
from lurl_tf.meta.train_config import MetaTrainConfig
from lurl_tf.rule.learned.update_rule import UpdateRule

_PARAMETERS = "run/state/outer/learned/average/.ATTRIBUTES/VARIABLE_VALUE"


class SavedRule(NamedTuple):
  """Rule of a checkpoint.

  Attributes:
    parameters: `[n]` tensor, see `MetaTrainer.parameters`.
    rule: `UpdateRule` with these parameters.
    inner_learning_rates: Knots of the inner learning rate.
  """

  parameters: tf.Tensor
  rule: UpdateRule
  inner_learning_rates: tuple[float, ...]


def read_rule(saved: SavedCheckpoint, config: MetaTrainConfig) -> SavedRule:
  """Reads the rule of a checkpoint.

  Args:
    saved: `SavedCheckpoint` of `list_checkpoints`.
    config: `MetaTrainConfig` of the run.

  Returns:
    `SavedRule`.

  Raises:
    OSError: If the checkpoint is damaged or was removed meanwhile.
  """
  try:
    reader = tf.compat.v1.train.NewCheckpointReader(saved.prefix)
    parameters = tf.constant(reader.get_tensor(_PARAMETERS))
  except (tf.errors.OpError, ValueError, RuntimeError, LookupError) as error:
    raise OSError(f"{saved.prefix} cannot be read: {error}") from error
  values = unflatten_parameters(config.rule, parameters)
  rule = UpdateRule(config.rule)
  for variable, value in zip(rule.meta_parameters, values.rule, strict=True):
    variable.assign(value)
  rates = tuple(float(rate) for rate in np.exp(values.log_rates))
  return SavedRule(parameters, rule, rates)
