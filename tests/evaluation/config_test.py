# SPDX-License-Identifier: Apache-2.0
"""Tests of how an evaluation is set up."""

import pytest

from lurl_tf.evaluation import config as evaluation_config


def test_default_is_five_weights_crossed_with_four_draws():
  config = evaluation_config.EvaluationConfig()
  assert (config.initial_weights, config.label_draws) == (5, 4)
  assert config.num_episodes == 20
  assert config.examples_per_class == 10


@pytest.mark.parametrize(
  "name,value",
  [
    ("units", ()),
    ("units", (8, 0)),
    ("batch_size", 1),
    ("inner_steps", ()),
    ("inner_steps", (-1, 2)),
    ("inner_steps", (5, 2)),
    ("inner_steps", (2, 2)),
    ("learning_rates", ()),
    ("learning_rates", (0.1, 0.0)),
    ("horizon", 0),
    ("examples_per_class", 0),
    ("initial_weights", 0),
    ("label_draws", 0),
    ("seed", -1),
  ],
)
def test_numbers_out_of_range_are_refused(name, value):
  with pytest.raises(ValueError, match=f"Received: {name}="):
    evaluation_config.EvaluationConfig(**{name: value})


@pytest.mark.parametrize(
  "episodes,expected",
  [
    (1, (1, 1)),
    (2, (2, 1)),
    (4, (2, 2)),
    (6, (3, 2)),
    (7, (7, 1)),
    (9, (3, 3)),
    (10, (5, 2)),
    (16, (4, 4)),
    (20, (5, 4)),
    (25, (5, 5)),
    (30, (6, 5)),
    (42, (7, 6)),
    (50, (10, 5)),
    (100, (25, 4)),
  ],
)
def test_episodes_are_split_exactly_where_they_can_be(episodes, expected):
  assert evaluation_config.split_episodes(episodes) == expected


def test_from_twenty_on_both_numbers_are_large_enough():
  for episodes in range(20, 200):
    weights, draws = evaluation_config.split_episodes(episodes)
    assert weights >= 5
    assert draws >= 4
    assert episodes <= weights * draws < episodes + 4


def test_no_episodes_are_refused():
  with pytest.raises(ValueError, match="Received: episodes=0"):
    evaluation_config.split_episodes(0)
