# SPDX-License-Identifier: Apache-2.0
"""Models that a rule trains, for Keras and for scikit-learn."""

from lurl_tf.models.few_shot import few_shot_accuracy
from lurl_tf.models.local_rule_model import LocalRuleModel
from lurl_tf.models.rule_features import RuleFeatures

__all__ = ["LocalRuleModel", "RuleFeatures", "few_shot_accuracy"]
