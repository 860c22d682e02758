# SPDX-License-Identifier: Apache-2.0
"""Tests of the evaluation script, run in this process on tiny data."""

import json

import numpy as np
import pytest
from absl import flags
from absl.testing import flagsaver
from PIL import Image

from experiments import evaluate
from experiments.common import data
from lurl_tf import presets
from lurl_tf.structures import LabelledExamples
from tests.experiments.saved_rule import save_rule


@pytest.fixture(name="rule_folder")
def fixture_rule_folder(tmp_path):
  return save_rule(tmp_path)


@pytest.fixture(name="tiny_data")
def fixture_tiny_data(monkeypatch):
  """Two noisy classes of nine inputs in place of a data set."""

  def load(name, split, *options):
    assert (name, *options) == ("tiny", None, None, 1, "area")
    rng = np.random.default_rng(["train", "test"].index(split))
    labels = np.repeat([0, 1], 45).astype(np.int32)
    inputs = rng.uniform(size=[90, 9]) + 0.3 * labels[:, None]
    return LabelledExamples(
      inputs.astype(np.float32), labels, ("a", "b"), (3, 3, 1)
    )

  monkeypatch.setattr(data, "load_examples", load)


def run(**values):
  flags.FLAGS.mark_as_parsed()
  texts = {name: str(value) for name, value in values.items()}
  with flagsaver.as_parsed(**texts):
    evaluate.main()


def test_flags_to_json_and_tables(rule_folder, tiny_data, tmp_path, capsys):
  path = tmp_path / "out" / "results.json"
  run(
    rule=rule_folder,
    dataset="tiny",
    inner_steps="4,2",
    episodes=6,
    examples_per_class=5,
    results=path,
  )
  value = json.loads(path.read_text())
  assert value["dataset"] == "tiny"
  assert value["rule"] == rule_folder
  assert value["examples_per_class"] == 5
  assert value["episodes"] == 6
  assert [
    (row["method"], row["inner_steps"])
    for row in value["rows"]
    if row["readout"] == "ridge"
  ] == [
    ("raw_inputs", 0),
    ("random_init", 0),
    ("untrained_rule", 2),
    ("untrained_rule", 4),
    ("learned_rule", 2),
    ("learned_rule", 4),
  ]
  assert len(value["rows"]) == 18
  printed = capsys.readouterr().out
  assert "learned_rule  inner step 4/4" in printed
  assert "learned rule beats random init: " in printed
  assert "(ridge_loo, 4 inner steps: " in printed


def test_untrained_has_no_learned_rows(tiny_data, tmp_path, monkeypatch):
  monkeypatch.setattr(presets.catalogue, "SHIPPED", tmp_path)
  path = tmp_path / "results.json"
  run(
    rule="untrained",
    dataset="tiny",
    units="5,32",
    inner_steps=1,
    batch_size=6,
    episodes=1,
    examples_per_class=5,
    results=path,
  )
  rows = json.loads(path.read_text())["rows"]
  assert [row["method"] for row in rows[::3]] == [
    "raw_inputs",
    "random_init",
    "untrained_rule",
  ]
  # One episode has neither an error nor an interval.
  assert rows[0]["accuracy_stderr"] is None
  assert rows[0]["interval"] == [None, None]


@pytest.mark.parametrize(
  "message,values",
  [
    ("class 'a' with 45 examples", {"examples_per_class": 12}),
    ("Received: batch_size=91", {"batch_size": 91}),
    ("Received: 7 units", {"units": "10,7"}),
    ("no_such_activation", {"activation": "no_such_activation"}),
    ("no_such_rule", {"rule": "no_such_rule"}),
    (
      "Received: path='/proc/no/results.json'",
      {"results": "/proc/no/results.json"},
    ),
  ],
)
def test_bad_input_is_a_message_before_any_work(
  message, values, rule_folder, tiny_data, capsys
):
  with pytest.raises(SystemExit, match="Error: ") as error:
    run(**{"rule": rule_folder, "dataset": "tiny", **values})
  assert message in str(error.value)
  assert capsys.readouterr().out == ""


def test_data_set_that_does_not_exist_is_a_message(rule_folder):
  with pytest.raises(SystemExit, match="lurl_digit"):
    run(rule=rule_folder, dataset="lurl_digitz")


@pytest.fixture(name="own_files")
def fixture_own_files(tmp_path):
  """Two classes of ten: coloured images, and texts."""
  lines = []
  for number in range(20):
    label = ["cat", "dog"][number % 2]
    folder = tmp_path / "photos" / label
    folder.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (7, 5), (number, 0, 0)).save(folder / f"{number}.png")
    lines.append({"text": f"a {label} w{number}", "label": label})
  (tmp_path / "texts.jsonl").write_text("\n".join(map(json.dumps, lines)))
  return tmp_path


@pytest.mark.parametrize(
  ("name", "options"),
  [
    ("folder:{}/photos", {"image_size": 3, "channels": 3}),
    ("jsonl:{}/texts.jsonl", {}),
  ],
)
def test_files_of_ones_own(rule_folder, own_files, name, options, tmp_path):
  path = tmp_path / "results.json"
  run(
    rule=rule_folder,
    dataset=name.format(own_files),
    inner_steps=1,
    episodes=1,
    examples_per_class=4,
    results=path,
    **options,
  )
  rows = json.loads(path.read_text())["rows"]
  accuracies = {
    row["method"]: row["accuracy_mean"]
    for row in rows
    if row["readout"] == "ridge"
  }
  assert len(accuracies) == 4
  assert all(0 <= accuracy <= 1 for accuracy in accuracies.values())
  if name.startswith("jsonl"):  # the word of the class says it all
    assert accuracies["raw_inputs"] == 1


def test_an_image_size_for_texts_is_a_message(rule_folder, own_files):
  name = f"jsonl:{own_files}/texts.jsonl"
  with pytest.raises(SystemExit, match="`image_size` is for images"):
    run(rule=rule_folder, dataset=name, image_size=8)
