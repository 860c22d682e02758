# SPDX-License-Identifier: Apache-2.0
"""Flags of a run's checkpoints, validation and pictures."""

from absl import flags

from experiments.common import int_list_flag

CHECKPOINT_EVERY = flags.DEFINE_integer(
  "checkpoint_every", 50, "Outer steps between checkpoints.", lower_bound=1
)
VALIDATE_EVERY = flags.DEFINE_integer(
  "validate_every",
  0,
  "Outer steps between scores on the validation split, by which the best rule "
  "is kept; 0 for none.",
  lower_bound=0,
)
KEEP_RULES_AT = int_list_flag.define_int_list(
  "keep_rules_at",
  None,
  "Outer steps whose rules are kept in the log folder, such as 100,500.",
)
SHOW_INNER_TRAINING = flags.DEFINE_bool(
  "show_inner_training",
  False,
  "Whether to train one base network at every checkpoint, and show its "
  "updates, receptive fields and features in TensorBoard.",
)
