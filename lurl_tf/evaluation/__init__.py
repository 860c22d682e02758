# SPDX-License-Identifier: Apache-2.0
"""Evaluation: frozen rules and baselines, scored on data they never saw."""

from lurl_tf.evaluation.compare import compare
from lurl_tf.evaluation.comparison import ComparedRule, Comparison
from lurl_tf.evaluation.comparison_result import ComparisonResult
from lurl_tf.evaluation.comparison_scores import (
  LEARNED_RULE,
  RANDOM_INIT,
  RAW_INPUTS,
  UNTRAINED_RULE,
  Score,
)
from lurl_tf.evaluation.config import EvaluationConfig, Report, split_episodes
from lurl_tf.evaluation.protocol import check_evaluation

__all__ = [
  "LEARNED_RULE",
  "RANDOM_INIT",
  "RAW_INPUTS",
  "UNTRAINED_RULE",
  "ComparedRule",
  "Comparison",
  "ComparisonResult",
  "EvaluationConfig",
  "Report",
  "Score",
  "check_evaluation",
  "compare",
  "split_episodes",
]
