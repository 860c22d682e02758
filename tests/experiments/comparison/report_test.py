# SPDX-License-Identifier: Apache-2.0
"""Tests of the tables, the JSON and the picture of a comparison."""

import json
import re

import numpy as np
from PIL import Image

from experiments.comparison.plot import plot_comparison
from experiments.comparison.report import as_json, as_text
from lurl_tf.evaluation import EvaluationConfig
from lurl_tf.evaluation.comparison_scores import Score

CONFIG = EvaluationConfig(units=(10, 6), initial_weights=2, label_draws=2)


def score(method, mean, layers="last", readout="ridge", per_class=10, **fields):
  accuracies = mean + np.array([[0.0, 0.01], [0.02, 0.05]])
  return Score(
    method, per_class, layers, readout, accuracies, 32, 1.25, **fields
  )


SCORES = [
  score("my_rule", 0.5),
  score("my_rule", 0.75, "all", "ridge_loo"),
  score("vae", 0.625, num_diverged=3),
  score("spread", 0.8, "none", "own", is_transductive=True),
]


def test_tables():
  text = as_text(SCORES, "my_rule", "tiny", CONFIG)
  lines = text.splitlines()
  assert lines[0].startswith("tiny, base network 10-6 relu: 2 initial weights")
  (header,) = [
    line for line in lines if line.startswith("method ") and "ridge" in line
  ]
  assert (
    header.split()
    == (
      "method layers features fit s ridge ridge_loo logistic_regression "
      "nearest_mean own"
    ).split()
  )
  (best,) = [
    line for line in lines if line.startswith("my_rule") and "all" in line
  ]
  assert best.split() == ["my_rule", "all", "32", "1.2", "!77.0", "+-", "1.5"]
  assert re.search(r"\nvae +ridge, last +64\.5 +\+12\.5 \[", text)
  (other,) = [
    line for line in lines if line.startswith("spread*  ") and "[" in line
  ]
  assert "own, none" in other and " -5.0 [" in other
  assert "* marks transductive methods" in text
  assert "features of vae were not finite in 3 episodes" in text


def test_a_table_per_number_of_labels():
  text = as_text(
    [*SCORES, score("my_rule", 0.2, per_class=1)], "my_rule", "tiny", CONFIG
  )
  assert text.index("1 labelled examples per class") < text.index(
    "10 labelled examples per class"
  )


def test_json_holds_every_draw():
  value = as_json(SCORES, "my_rule", "tiny", CONFIG, {"vae": "VAE()"})
  value = json.loads(json.dumps(value))
  assert value["options"] == {"vae": "VAE()"}
  assert value["units"] == [10, 6]
  assert len(value["scores"]) == 4
  np.testing.assert_allclose(
    value["scores"][2]["accuracies"], SCORES[2].accuracies
  )
  contest = value["contests"][0]
  assert contest["method"] == "vae"
  np.testing.assert_allclose(contest["difference"], 0.125)
  assert 0 < contest["p_value"] <= 1


def test_picture_shows_the_reference_in_its_colour(tmp_path):
  path = tmp_path / "out" / "comparison.png"
  both = [*SCORES, *(x._replace(examples_per_class=1) for x in SCORES)]
  plot_comparison(str(path), both, "my_rule", "tiny")
  pixels = np.asarray(Image.open(path).convert("RGB")).reshape(-1, 3)
  colours = {tuple(pixel) for pixel in pixels[::1]}
  assert {(255, 127, 14), (31, 119, 180)} <= colours  # C1 and C0
