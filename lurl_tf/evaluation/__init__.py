# SPDX-License-Identifier: Apache-2.0
"""Evaluation: frozen rules on held-out tasks."""

from lurl_tf.evaluation.config import EvaluationConfig, split_episodes
from lurl_tf.evaluation.episodes import Report
from lurl_tf.evaluation.protocol import check_evaluation, evaluate
from lurl_tf.evaluation.result import (
  LEARNED_RULE,
  RANDOM_INIT,
  RAW_INPUTS,
  UNTRAINED_RULE,
  EvaluationResult,
  EvaluationRow,
)

__all__ = [
  "LEARNED_RULE",
  "RANDOM_INIT",
  "RAW_INPUTS",
  "UNTRAINED_RULE",
  "EvaluationConfig",
  "EvaluationResult",
  "EvaluationRow",
  "Report",
  "check_evaluation",
  "evaluate",
  "split_episodes",
]
