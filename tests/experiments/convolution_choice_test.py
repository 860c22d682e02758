# SPDX-License-Identifier: Apache-2.0
"""Tests of how a rule convolves, by its size and by what computes it."""

import pytest
import tensorflow as tf

from experiments import meta_train
from experiments.convolution_choice import choose_convolutions
from lurl_tf.structures import RuleConfig
from tests import tiny_meta

PUBLISHED = RuleConfig()
SMALL = RuleConfig(hidden_channels=24, delta_channels=16, top_channels=16)


def test_many_channels_on_processors_by_xla():
  assert choose_convolutions(PUBLISHED, "xla", "float32", True) == "winograd"


@pytest.mark.parametrize(
  "arguments",
  [
    (SMALL, "xla", "float32", True),
    (RuleConfig(mixing="pooled"), "xla", "float32", True),
    (PUBLISHED, "graph", "float32", True),
    (PUBLISHED, "xla", "bfloat16", True),
    (PUBLISHED, "xla", "float32", False),
  ],
)
def test_all_others_convolve_directly(arguments):
  assert choose_convolutions(*arguments) == "direct"


@pytest.mark.parametrize(
  ("values", "expected"),
  [
    ({}, "winograd"),
    ({"hidden_channels": 24}, "direct"),
    ({"compiler": "graph"}, "direct"),
    ({"convolutions": "direct"}, "direct"),
    ({"hidden_channels": 24, "convolutions": "winograd"}, "winograd"),
  ],
)
def test_by_flags(values, expected):
  sizes = {
    "mixing": "published",
    "hidden_channels": 64,
    "delta_channels": 8,
    "tasks": "small",
    "initial_rule": "random",
  }
  with tiny_meta.parsed_flags([], **(sizes | values)):
    config = meta_train.config_from_flags(strategy=tf.distribute.get_strategy())
  assert config.unroll.convolutions == expected
