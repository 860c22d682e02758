# SPDX-License-Identifier: Apache-2.0
"""Tests of the meta-training configuration."""

import dataclasses
import json

import pytest

from lurl_tf.json_fields import from_json
from lurl_tf.meta.inner.imitation import ImitationConfig
from lurl_tf.meta.inner.unroll_config import UnrollConfig
from lurl_tf.meta.train_config import MetaTrainConfig
from lurl_tf.structures import RuleConfig
from lurl_tf.tasks.augmentation.config import AugmentationConfig
from lurl_tf.tasks.distributions import Bucket, DataSource, TaskDistribution
from lurl_tf.tasks.episodes import EpisodeConfig


def test_json_has_every_field_and_plain_values():
  config = MetaTrainConfig(
    rule=RuleConfig(hidden_channels=5, mixing="pooled"),
    unroll=UnrollConfig(ridge=0.25),
    tasks=TaskDistribution(
      sources=(DataSource("one", weight=2.0),),
      buckets=(Bucket((7, 6), "tanh", episodes=EpisodeConfig(draws=3)),),
      augmentation=AugmentationConfig(scale_range=(0.5, 2.0)),
    ),
    inner_learning_rates=(0.1, 0.01),
    learn_inner_rates=True,
    seed=4,
  )
  value = config.to_json()
  assert json.loads(json.dumps(value)) == value
  assert list(value) == [each.name for each in dataclasses.fields(config)]
  assert value["tasks"]["buckets"][0]["units"] == [7, 6]
  assert value["inner_learning_rates"] == [0.1, 0.01]
  assert value["rule"]["mixing"] == "pooled"
  assert value["unroll"]["ridge"] == 0.25
  # It holds all that decides the run: the config can be made from it again.
  assert from_json(MetaTrainConfig, value) == config


def test_json_holds_whom_a_rule_imitates():
  config = MetaTrainConfig(
    unroll=UnrollConfig(imitation=ImitationConfig("oja", 0.5, -0.25))
  )
  value = json.loads(json.dumps(config.to_json()))
  assert value["unroll"]["imitation"] == {
    "teacher": "oja",
    "kernel_change": 0.5,
    "bias_change": -0.25,
  }
  assert from_json(MetaTrainConfig, value) == config
  value["unroll"]["imitation"] = {"teacher": "sanger"}
  imitation = from_json(MetaTrainConfig, value).unroll.imitation
  assert imitation == ImitationConfig("sanger")
  # As of a run from before there was imitation.
  del value["unroll"]["imitation"]
  assert from_json(MetaTrainConfig, value).unroll == UnrollConfig()
  for bad, message in (
    ({"teacher": "owl"}, "In unroll.imitation: .*Received: teacher='owl'"),
    ({"pupil": "oja"}, "Received: pupil"),
    ({"bias_change": "large"}, "`unroll.imitation.bias_change` must be float"),
    ("oja", "Received: unroll.imitation='oja'"),
  ):
    value["unroll"]["imitation"] = bad
    with pytest.raises(ValueError, match=message):
      from_json(MetaTrainConfig, value)


def test_defaults_of_the_objective_are_free_of_scale():
  assert UnrollConfig().ridge == "relative"
  assert not UnrollConfig().penalty_in_loss


@pytest.mark.parametrize(
  ("field", "value"),
  [
    ("slots", 0),
    ("learning_rate", 0.0),
    ("learning_rate", float("nan")),
    ("slot_clip_norm", -1.0),
    ("clip_norm", 0.0),
    ("min_horizon", 0),
    ("inner_learning_rates", ()),
    ("inner_learning_rates", (0.1, 0.0)),
    ("min_truncation", 0),
    ("min_truncation", 11),
    ("max_horizon", 49),
    ("decay_steps", -1),
    ("seed", -1),
  ],
)
def test_a_number_out_of_range_is_named(field, value):
  with pytest.raises(ValueError, match=f"Received: .*{field}="):
    MetaTrainConfig(**{field: value})


@pytest.mark.parametrize(
  ("field", "value"),
  [
    ("max_steps", 0),
    ("evaluate_every", 0),
    ("evaluate_every", 11),
    ("compiler", "other"),
    ("product_dtype", "float16"),
    ("convolutions", "other"),
    ("recompute", True),
    ("ridge", 0.0),
    ("ridge", "absolute"),
    ("relative_ridge", -0.1),
  ],
)
def test_a_bad_option_of_the_unroll_is_named(field, value):
  with pytest.raises(ValueError, match=f"Received: .*{field}="):
    UnrollConfig(**{field: value})


@pytest.mark.parametrize(
  ("field", "value"), [("compiler", "graph"), ("product_dtype", "bfloat16")]
)
def test_options_that_winograds_convolutions_exclude(field, value):
  with pytest.raises(ValueError, match=f"Received: .*{field}='{value}'"):
    UnrollConfig(convolutions="winograd", **{field: value})
