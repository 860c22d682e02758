# SPDX-License-Identifier: Apache-2.0
"""Tests of the script, run in this process on tiny data."""

import json

import numpy as np
import pytest
from absl import flags
from absl.testing import flagsaver

from experiments import inspect_rule
from experiments.common import data
from lurl_tf.presets import PresetMetadata
from tests.experiments.inspection.findings_test import make_split
from tests.tiny_meta import eagerly
from tests.tiny_models import tiny_rule

METADATA = PresetMetadata(
  units=(5, 4),
  batch_size=8,
  image_size=3,
  inner_steps=2,
  inner_learning_rates=(0.1,),
)


@pytest.fixture(name="rules", scope="module")
def fixture_rules(tmp_path_factory):
  """Two rules, as early and late checkpoints are."""
  folder = tmp_path_factory.mktemp("rules")
  paths = [str(folder / name) for name in ("early", "late")]
  for seed, path in enumerate(paths):
    tiny_rule(seed=seed).save_preset(path, METADATA)
  return paths


@pytest.fixture(autouse=True)
def fixture_tiny_data(monkeypatch):
  def load(name, split, data_dir, image_size, channels, resize):
    assert (data_dir, resize) == (None, "area")
    shape = (
      (2,) if name == "lurl_two_moons" else (image_size,) * 2 + (channels,)
    )
    return make_split(["train", "test"].index(split), 30, shape)

  monkeypatch.setattr(data, "load_examples", load)
  monkeypatch.setattr(
    data, "holds_images", lambda name, _: name != "lurl_two_moons"
  )


def run(**values):
  flags.FLAGS.mark_as_parsed()
  texts = {"dataset": "tiny", **{key: str(v) for key, v in values.items()}}
  with flagsaver.as_parsed(**texts), eagerly():
    inspect_rule.main()


def test_pictures_and_numbers_of_two_rules(rules, tmp_path, capsys):
  path, folder = tmp_path / "out.json", tmp_path / "pictures"
  run(
    rule=",".join(rules),
    dataset="tiny,other",
    inner_steps="3",
    channels=3,
    results=path,
    output_dir=folder,
  )
  value = json.loads(path.read_text())
  assert [
    (each["dataset"], each["rule"], each["inner_steps"])
    for each in value["features"]
  ] == [
    (dataset, rule, steps)
    for dataset in ("tiny", "other", "lurl_two_moons")
    for rule in rules
    for steps in (0, 2, 3)
  ]
  # All rules begin at the same initial weights, and end at other features.
  by_step = [each["explained_variance"] for each in value["features"][:6]]
  assert by_step[0] == by_step[3]
  assert np.abs(np.subtract(by_step[2], by_step[5])).max() > 1e-6
  own = tiny_rule(seed=1)
  (variable,) = (each for each in own.meta_parameters if each.shape == (12, 1))
  np.testing.assert_allclose(
    list(value["mixture_weights"][rules[1]].values()), variable.numpy()[:, 0]
  )
  assert sorted(each.name for each in folder.iterdir()) == [
    "embedding_lurl_two_moons.png",
    "embedding_other.png",
    "embedding_tiny.png",
    "explained_variance.png",
    "mixture_weights.png",
    "receptive_fields_other.png",
    "receptive_fields_tiny.png",
  ]
  assert f"Pictures in {folder}: receptive_fields_" in capsys.readouterr().out


def test_a_rule_designed_by_hand_has_no_mixture(tmp_path):
  path = tmp_path / "out.json"
  run(
    rule="oja",
    units="4",
    batch_size=8,
    image_size=3,
    inner_steps="1",
    results=path,
    output_dir=tmp_path,
  )
  assert json.loads(path.read_text())["mixture_weights"] == {}
  assert not (tmp_path / "mixture_weights.png").exists()


@pytest.mark.parametrize(
  ("values", "message"),
  [
    ({"rule": "no_such_rule"}, "no_such_rule"),
    ({"rule": "oja,"}, "rule='oja,'"),
    ({"batch_size": 31}, "Received: batch_size=31"),
    ({"output_dir": "/proc/no"}, "/proc/no"),
    ({"results": "/proc/no/out.json"}, "/proc/no/out.json"),
  ],
)
def test_bad_input_is_a_message_before_any_work(
  values, message, rules, tmp_path, capsys
):
  with pytest.raises(SystemExit, match="Error: ") as error:
    run(**{"rule": rules[0], "output_dir": tmp_path, **values})
  assert message in str(error.value)
  assert capsys.readouterr().out == ""
