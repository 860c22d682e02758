# SPDX-License-Identifier: Apache-2.0
"""Tests of the script that shows tasks, on a small file of images."""

import json

import numpy as np
import pytest
from absl import flags
from absl.testing import flagsaver
from PIL import Image

from experiments import show_tasks
from lurl_tf.tasks import Bucket, DataSource, EpisodeConfig, TaskDistribution
from tests.event_files import read_pictures

EPISODES = EpisodeConfig(
  classes_per_task=3, batch_size=8, support_per_class=3, query_per_class=3
)


@pytest.fixture(name="tasks")
def fixture_tasks(tmp_path):
  """A distribution in a JSON file, of an image file and synthetic data."""
  generator = np.random.default_rng(0)
  np.savez(
    tmp_path / "images.npz",
    x=generator.integers(0, 256, (50, 20, 20)).astype(np.uint8),
    y=np.arange(50) % 5,
  )
  name = f"npz:{tmp_path / 'images.npz'}"
  tasks = TaskDistribution(
    (
      DataSource(name, weight=3.0, split="all", classes="meta_train"),
      DataSource("synthetic:clusters", split="0:2"),
      DataSource(name, use="meta_validation", split="all", classes="held_out"),
    ),
    (
      Bucket((5, 4), image_size=8, episodes=EPISODES),
      Bucket((4,), image_size=10, episodes=EPISODES),
    ),
  )
  tasks.save(tmp_path / "tasks.json")
  return str(tmp_path / "tasks.json")


def run(**values):
  flags.FLAGS.mark_as_parsed()
  texts = {name: str(value) for name, value in values.items()}
  with flagsaver.as_parsed(**texts):
    show_tasks.main()


def test_sheets_table_headroom_and_results(tasks, tmp_path, capsys):
  logdir = tmp_path / "log"
  results = tmp_path / "results.json"
  run(
    tasks=tasks,
    logdir=logdir,
    num_tasks=2,
    headroom=True,
    headroom_tasks=2,
    results=results,
  )
  text = capsys.readouterr().out
  written = json.loads(results.read_text())
  assert written["tasks"] == TaskDistribution.load(tasks).to_json()
  image_rows = [
    row for row in written["data_sets"] if "images.npz" in row["data set"]
  ]
  assert [
    (row["share"], row["classes"], row["inputs"]) for row in image_rows
  ] == [("75 %", "4 of 5", "8 x 8 x 1"), ("75 %", "4 of 5", "10 x 10 x 1")]
  assert len(written["data_sets"]) == len(written["headroom"]) == 4
  for row in written["headroom"]:
    assert row["chance"] == pytest.approx(1 / 3)
    best = max(row["raw_inputs"]["accuracy"], row["k_means"]["accuracy"])
    assert row["headroom"] == pytest.approx(
      best - row["random_features"]["accuracy"]
    )
  assert "synthetic:clusters[0:2]" in text
  assert "headroom  data set 4/4" in text
  pictures = read_pictures(logdir)
  for index, path in enumerate(written["contact_sheets"]):
    pixels = np.asarray(Image.open(path))
    np.testing.assert_array_equal(pictures[f"tasks/{index}"], pixels)
    assert path in text


def test_only_the_use_asked_for_is_shown(tmp_path, tasks):
  with pytest.raises(SystemExit, match="Error: .*use 'test'"):
    run(tasks=tasks, logdir=tmp_path / "log", use="test")
  with pytest.raises(SystemExit, match="A task needs 3 classes"):
    # A fifth of five classes is held out.
    run(tasks=tasks, logdir=tmp_path / "log", use="meta_validation")


def test_an_unknown_data_set_is_an_error(tmp_path):
  with pytest.raises(SystemExit, match="Error: .*nothing_of_the_kind"):
    run(tasks="nothing_of_the_kind", logdir=tmp_path / "log")
