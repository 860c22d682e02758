# SPDX-License-Identifier: Apache-2.0
"""The rule in a run's checkpoint, for a process that follows the run."""

import json
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from lurl_tf import files
from lurl_tf.json_fields import from_json
from lurl_tf.meta.checkpoints import SavedCheckpoint
from lurl_tf.meta.flat_parameters import unflatten_parameters
from lurl_tf.meta.run_folder import DESCRIPTION_FILE
from lurl_tf.meta.train_config import MetaTrainConfig
from lurl_tf.rule.update_rule import UpdateRule

_PARAMETERS = "run/state/outer/learned/average/.ATTRIBUTES/VARIABLE_VALUE"


class RunDescription(NamedTuple):
  """What a run's folder says of it.

  Attributes:
    tasks: name of its task distribution.
    config: the run.
  """

  tasks: str
  config: MetaTrainConfig


class SavedRule(NamedTuple):
  """What a checkpoint says of a rule.

  Attributes:
    parameters: `[n]`, see `MetaTrainer.parameters`.
    rule: with them.
    inner_learning_rates: knots of the inner learning rate.
  """

  parameters: tf.Tensor
  rule: UpdateRule
  inner_learning_rates: tuple[float, ...]


def read_description(logdir: str) -> RunDescription:
  """Reads what run a folder holds.

  Args:
    logdir: the run's folder.

  Returns:
    `RunDescription`.

  Raises:
    FileNotFoundError: if the folder holds no run.
    ValueError: if the description is damaged, or of another version.
  """
  path = tf.io.gfile.join(logdir, DESCRIPTION_FILE)
  try:
    fields = json.loads(files.read_bytes(path))
    config = from_json(MetaTrainConfig, fields["config"])
    return RunDescription(fields["tasks"], config)
  except (ValueError, KeyError) as error:
    raise ValueError(
      f"A run's description must be whole. Received: {path}, {error}"
    ) from error


def read_rule(saved: SavedCheckpoint, config: MetaTrainConfig) -> SavedRule:
  """Reads the rule of a checkpoint.

  Args:
    saved: of `list_checkpoints`.
    config: of the run.

  Returns:
    `SavedRule`.

  Raises:
    OSError: if the checkpoint is damaged, or was removed meanwhile.
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
