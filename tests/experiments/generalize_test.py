# SPDX-License-Identifier: Apache-2.0
"""Tests of the script, run in this process on tiny data."""

import json

import numpy as np
import pytest
from absl import flags
from absl.testing import flagsaver

from experiments import generalize
from experiments.common import data
from lurl_tf.evaluation import RANDOM_INIT, EvaluationConfig, compare
from lurl_tf.presets import PresetMetadata
from lurl_tf.structures import LabelledExamples
from tests.tiny_meta import eagerly
from tests.tiny_models import tiny_rule

METADATA = PresetMetadata(
  units=(10, 6),
  batch_size=8,
  image_size=3,
  inner_steps=2,
  inner_learning_rates=(0.1,),
)
READOUTS = 3


@pytest.fixture(name="rules", scope="module")
def fixture_rules(tmp_path_factory):
  """Two rules, as early and late checkpoints are."""
  folder = tmp_path_factory.mktemp("rules")
  paths = [str(folder / name) for name in ("early", "late")]
  for seed, path in enumerate(paths):
    tiny_rule(seed=seed, output_size=6).save_preset(path, METADATA)
  return paths


def load(name, split, data_dir, image_size, channels, resize):
  """Two noisy classes, of images or of words."""
  del data_dir, channels, resize
  rng = np.random.default_rng(["train", "test"].index(split))
  labels = np.repeat([0, 1], 45).astype(np.int32)
  size = 20 if name == "texts" else image_size**2
  inputs = rng.uniform(size=[90, size]) + 0.3 * labels[:, None]
  shape = (size,) if name == "texts" else (image_size, image_size, 1)
  return LabelledExamples(inputs.astype(np.float32), labels, ("a", "b"), shape)


@pytest.fixture(autouse=True)
def fixture_tiny_data(monkeypatch):
  monkeypatch.setattr(data, "load_examples", load)
  monkeypatch.setattr(data, "holds_images", lambda name, _: name != "texts")


def run(**values):
  flags.FLAGS.mark_as_parsed()
  defaults = {"dataset": "tiny", "examples_per_class": 5, "episodes": 2}
  texts = {key: str(each) for key, each in {**defaults, **values}.items()}
  with flagsaver.as_parsed(**texts), eagerly():
    generalize.main()


def test_every_row_is_that_of_an_evaluation_of_its_own(rules, tmp_path, capsys):
  path, plot = tmp_path / "out" / "rows.json", tmp_path / "rows.png"
  run(
    rule=",".join(rules),
    sweep="steps,permutation,image_size,text",
    horizons="1,2",
    image_sizes="4",
    text_dataset="texts",
    results=path,
    plot=plot,
  )
  rows = json.loads(path.read_text())["rows"]
  per_rule = 1 + 2 + 2 + 2 + 2
  assert len(rows) == 2 * per_rule * READOUTS
  late = [row for row in rows if row["rule"] == rules[1]]
  expected = {
    ("permutation", "unpermuted"): ({"permute_inputs": False}, "tiny", 3),
    ("image_size", 4): ({}, "tiny", 4),
    ("text", 4): ({"inner_steps": (2, 4)}, "texts", None),
  }
  for (sweep, value), (fields, dataset, size) in expected.items():
    config = EvaluationConfig(
      **{
        "units": (10, 6),
        "batch_size": 8,
        "inner_steps": (2,),
        "learning_rates": (0.1,),
        "horizon": 2,
        "examples_per_class": 5,
        "initial_weights": 2,
        "label_draws": 1,
        **fields,
      }
    )
    splits = tuple(
      load(dataset, split, None, size, 1, "area") for split in ("train", "test")
    )
    rule = tiny_rule(seed=1, output_size=6)
    with eagerly():
      result = compare({RANDOM_INIT: RANDOM_INIT, "rule": rule}, splits, config)
    (row,) = (
      row
      for row in late
      if (row["sweep"], row["value"], row["readout"])
      == (sweep, value, "ridge_loo")
    )
    reference = result.score("rule", "ridge_loo", config.inner_steps[-1])
    random_init = result.score(RANDOM_INIT, "ridge_loo")
    np.testing.assert_array_equal(row["per_episode"], reference.accuracies)
    assert row["gain"] == reference.difference(random_init).difference
    assert row["inner_steps"] == config.inner_steps[-1]
  assert plot.read_bytes().startswith(b"\x89PNG")
  printed = capsys.readouterr().out
  assert printed.count("permuted inputs:") == 2
  # The trained setting is evaluated once per rule.
  assert printed.count("learned_rule  inner step 1/") == 2 * 4


def test_rows_are_kept_when_work_is_broken_off(rules, tmp_path, monkeypatch):
  def compare_once(*args, **options):
    monkeypatch.setattr(generalize, "compare", interrupt)
    return compare(*args, **options)

  def interrupt(*args, **options):
    raise KeyboardInterrupt

  monkeypatch.setattr(generalize, "compare", compare_once)
  path = tmp_path / "rows.json"
  with pytest.raises(KeyboardInterrupt):
    run(rule=rules[0], sweep="width", widths="4", results=path)
  rows = json.loads(path.read_text())["rows"]
  assert [row["sweep"] for row in rows] == ["trained"] * READOUTS


@pytest.mark.parametrize(
  ("values", "message"),
  [
    ({"sweep": "widht"}, "--sweep=widht"),
    ({"sweep": "image_size", "dataset": "texts"}, "needs images"),
    ({"activations": "rellu", "sweep": "activation"}, "rellu"),
    ({"rule": "no_such_rule"}, "no_such_rule"),
    ({"rule": "oja,"}, "rule='oja,'"),
    ({"examples_per_class": 46}, "class 'a' with 45 examples"),
    ({"plot": "/proc/no/rows.png"}, "/proc/no/rows.png"),
  ],
)
def test_bad_input_is_a_message_before_any_work(values, message, rules, capsys):
  with pytest.raises(SystemExit, match="Error: ") as error:
    run(**{"rule": rules[0], **values})
  assert message in str(error.value)
  assert capsys.readouterr().out == ""
