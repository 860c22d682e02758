# SPDX-License-Identifier: Apache-2.0
"""Looks at a run in TensorBoard with a browser.

Screenshots are left in the folder that `LURL_SCREENSHOTS` names, else in one of
pytest's.
"""

import json
import os
import pathlib
import subprocess
import sys
import time
import urllib.request

import pytest

from experiments.common.charts import suite_charts
from lurl_tf.meta.runs.curves import meta_training_charts
from tests import source_tree
from tests.browser import PROGRAM, Browser
from tests.meta.replicas_test import free_ports

pytestmark = [
  pytest.mark.slow,
  pytest.mark.skipif(not source_tree.IS_WHOLE, reason="needs the checkout"),
  pytest.mark.skipif(
    PROGRAM is None, reason="needs Chromium, such as Debian's `chromium`"
  ),
]

TASKS = {
  "sources": [
    {"name": "lurl_glyphs", "classes": "meta_train"},
    {"name": "lurl_digits"},
    {"name": "lurl_glyphs", "classes": "held_out", "use": "meta_validation"},
  ],
  "buckets": [{"units": [8], "image_size": 8}],
}
FLAGS = {
  "num_steps": 6,
  "checkpoint_every": 2,
  "validate_every": 2,
  "hidden_channels": 4,
  "delta_channels": 3,
  "slots": 3,
  "batch_size": 16,
  "classes_per_task": 4,
  "examples_per_class": 3,
  "min_truncation": 2,
  "max_truncation": 2,
  "min_horizon": 4,
  "max_horizon": 4,
}


def run_script(name, *arguments):
  """Runs a script of experiments/; fails with what it printed last."""
  done = subprocess.run(
    [sys.executable, "-m", f"experiments.{name}", *arguments],
    cwd=source_tree.ROOT,
    stdout=subprocess.PIPE,
    stderr=subprocess.STDOUT,
    text=True,
    check=False,
  )
  assert done.returncode == 0, done.stdout[-3000:]


@pytest.fixture(scope="module", name="logdir")
def fixture_logdir(tmp_path_factory):
  """A run far too short to learn, and its evaluation."""
  folder = tmp_path_factory.mktemp("tensorboard")
  (folder / "tasks.json").write_text(json.dumps(TASKS))
  logdir = folder / "mine"
  run_script(
    "meta_train",
    f"--logdir={logdir}",
    f"--tasks={folder / 'tasks.json'}",
    "--show_inner_training",
    *(f"--{name}={value}" for name, value in FLAGS.items()),
  )
  run_script("watch", f"--logdir={logdir}", "--timeout=1", "--episodes=2")
  return logdir


@pytest.fixture(scope="module", name="address")
def fixture_address(logdir):
  """Of a TensorBoard that shows the run."""
  (port,) = free_ports(1)
  process = subprocess.Popen(
    [
      sys.executable,
      "-m",
      "tensorboard.main",
      f"--logdir={logdir}",
      f"--port={port}",
    ],
    stdout=subprocess.DEVNULL,
    stderr=subprocess.DEVNULL,
  )
  address = f"http://localhost:{port}/"
  try:
    end = time.monotonic() + 120
    while True:
      try:
        urllib.request.urlopen(f"{address}data/runs").close()
        break
      except OSError:
        assert process.poll() is None and time.monotonic() < end
        time.sleep(0.5)
    yield address
  finally:
    process.kill()
    process.wait()


@pytest.fixture(scope="module", name="browser")
def fixture_browser(tmp_path_factory):
  with Browser(tmp_path_factory.mktemp("profile"), (1400, 2600)) as browser:
    yield browser


@pytest.fixture(scope="module", name="screenshots")
def fixture_screenshots(tmp_path_factory):
  folder = os.environ.get("LURL_SCREENSHOTS")
  if not folder:
    return tmp_path_factory.mktemp("screenshots")
  os.makedirs(folder, exist_ok=True)
  return pathlib.Path(folder)


@pytest.mark.parametrize(
  ("page", "texts", "drawn", "count"),
  [
    ("timeseries", ["meta_by_data_set", "evaluation/random_init"], "canvas", 1),
    ("scalars", ["meta_by_data_set", "mixture_weights"], "svg .line", 4),
    (
      "custom_scalars",
      [
        "Accuracy on lurl_digits",
        "evaluation/random_init",
        "Meta-training",
        "By data set",
        "mixture weights",
        "Matches (12)",
      ],
      "svg .line",
      12,
    ),
    (
      "images",
      ["few_shot_confusion", "lurl_digits/confusion", "receptive_fields"],
      "img",
      2,
    ),
    ("histograms", ["theta", "conv_1d/w"], "svg path", 20),
    ("projector", ["Points: 500", "colors", "labels.tsv"], "canvas", 1),
    ("hparams", ["mine in", "learning_rate", "meta/accuracy"], "svg", 1),
  ],
)
def test_a_page_shows_data(
  page, texts, drawn, count, address, browser, screenshots
):
  browser.open(f"{address}#{page}")
  is_there = browser.wait_until(
    lambda seen: (
      all(text in seen.text() for text in texts) and seen.count(drawn) >= count
    )
  )
  time.sleep(3)  # What has begun to be drawn may move.
  path = screenshots / f"{page}.png"
  browser.screenshot(path)
  print(f"screenshot: {path}")
  found = browser.text()
  assert is_there, (
    [text for text in texts if text not in found],
    browser.count(drawn),
    str(path),
  )


def test_no_chart_is_empty(address, browser):
  """On Custom Scalars, where a parenthesis in a name makes one empty."""
  charts = "tf-custom-scalar-multi-line-chart-card"
  browser.open(f"{address}#custom_scalars")
  expected = [*suite_charts(["lurl_digits"]).values()]
  expected += meta_training_charts().values()
  number = sum(map(len, expected))

  def all_drawn(seen):
    lines = seen.counts(charts, "svg .line")
    return len(lines) == number and min(lines) > 0

  browser.wait_until(all_drawn, seconds=30)
  assert all_drawn(browser), browser.counts(charts, "svg .line")
