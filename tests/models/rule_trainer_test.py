# SPDX-License-Identifier: Apache-2.0
"""Tests of the options of training; steps are tested with `LocalRuleModel`."""

import pytest

import lurl_tf
from lurl_tf.models.rule_trainer import check_options, needs_labels
from tests.tiny_models import tiny_rule


def test_supervised_rules_need_labels():
  assert needs_labels(lurl_tf.rule.Backpropagation())
  assert not needs_labels(tiny_rule())
  assert not needs_labels(lambda weights, activations: weights)


@pytest.mark.parametrize(
  ("options", "message"),
  [
    ((True, None, "auto"), "needs a loss"),
    ((False, None, "fast"), "Received: convolutions='fast'"),
  ],
)
def test_options_that_do_not_fit(options, message):
  check_options(True, "mse", "winograd")
  with pytest.raises(ValueError, match=message):
    check_options(*options)
