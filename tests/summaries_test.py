# SPDX-License-Identifier: Apache-2.0
"""Tests that TensorBoard's reader finds what was written."""

import math

import numpy as np
from tensorboard.backend.event_processing.event_accumulator import (
  EventAccumulator,
)
from tensorboard.plugins.hparams import metadata

from lurl_tf.summaries import Chart, SummaryWriter
from tests.event_files import (
  read_arrays,
  read_charts,
  read_curves,
  read_pictures,
)


def test_points_can_be_read_once_they_are_flushed(tmp_path):
  writer = SummaryWriter(tmp_path / "tensorboard")
  writer.scalars(3, {"meta/loss": 0.5, "meta/skipped": 0})
  writer.scalars(10, {"meta/loss": np.float32(0.25)})
  writer.flush()
  assert read_curves(tmp_path / "tensorboard") == {
    "meta/loss": [(3, 0.5), (10, 0.25)],
    "meta/skipped": [(3, 0.0)],
  }


def test_a_second_writer_adds_to_the_folder(tmp_path):
  """As when a run goes on."""
  for step in (1, 2):
    writer = SummaryWriter(str(tmp_path))
    writer.scalars(step, {"loss": step})
    writer.flush()
  assert read_curves(tmp_path) == {"loss": [(1, 1.0), (2, 2.0)]}


def test_nan_is_kept(tmp_path):
  writer = SummaryWriter(tmp_path)
  writer.scalars(1, {"loss": math.nan})
  writer.flush()
  ((step, value),) = read_curves(tmp_path)["loss"]
  assert step == 1
  assert math.isnan(value)


def test_a_picture_can_be_read_back(tmp_path):
  pixels = np.random.default_rng(0).integers(0, 256, (4, 6, 3)).astype(np.uint8)
  writer = SummaryWriter(tmp_path)
  writer.image(2, "tasks/0", pixels)
  writer.flush()
  np.testing.assert_array_equal(read_pictures(tmp_path)["tasks/0"], pixels)


def test_a_histogram_counts_what_is_finite(tmp_path):
  writer = SummaryWriter(tmp_path)
  numbers = np.array([[0.0, 1.0, 1.0], [3.0, np.nan, np.inf]])
  writer.histograms(4, {"theta/a": numbers, "theta/b": np.full(2, np.nan)})
  writer.flush()
  found = read_arrays(tmp_path, "histograms")
  assert set(found) == {"theta/a", "theta/b"}
  ((step, buckets),) = found["theta/a"]  # left end, right end, count
  assert step == 4
  assert buckets[:, 2].sum() == 4
  assert (buckets[0, 0], buckets[-1, 1]) == (0.0, 3.0)
  counts, _ = np.histogram([0.0, 1.0, 1.0, 3.0], len(buckets))
  np.testing.assert_array_equal(buckets[:, 2], counts)


def test_hyper_parameters_can_be_read_back(tmp_path):
  values = {"a.rate": 0.5, "slots": 3, "name": "adam", "learn": True}
  writer = SummaryWriter(tmp_path)
  writer.hyper_parameters(values, ["meta/loss"])
  writer.flush()
  events = EventAccumulator(str(tmp_path))
  events.Reload()
  content = {
    tag: events.SummaryMetadata(tag).plugin_data.content
    for tag in (metadata.SESSION_START_INFO_TAG, metadata.EXPERIMENT_TAG)
  }
  session = metadata.parse_session_start_info_plugin_data(
    content[metadata.SESSION_START_INFO_TAG]
  )
  assert {
    name: getattr(value, value.WhichOneof("kind"))
    for name, value in session.hparams.items()
  } == values
  experiment = metadata.parse_experiment_plugin_data(
    content[metadata.EXPERIMENT_TAG]
  )
  assert {each.name for each in experiment.hparam_infos} == set(values)
  assert [each.name.tag for each in experiment.metric_infos] == ["meta/loss"]


def test_charts_can_be_read_back(tmp_path):
  writer = SummaryWriter(tmp_path)
  writer.charts(
    {"Rule": [Chart("weights", ("w/", "v/")), Chart("rates", ("rate/.",))]}
  )
  writer.flush()
  assert read_charts(tmp_path) == {
    "Rule": [("weights", ["w/", "v/"]), ("rates", ["rate/."])]
  }


def test_an_embedding_has_points_and_labels(tmp_path):
  points = np.random.default_rng(0).normal(size=[4, 3])
  writer = SummaryWriter(tmp_path)
  writer.embedding("features", np.zeros([2, 5]), ["old", "old"])
  writer.embedding("features", points, ["a", "b", "a\tc", "é"])
  config = (tmp_path / "projector_config.pbtxt").read_text()
  for line in (
    'tensor_name: "features"',
    'tensor_path: "features.tsv"',
    'metadata_path: "features_labels.tsv"',
  ):
    assert config.count(line) == 1
  np.testing.assert_allclose(
    np.loadtxt(tmp_path / "features.tsv", delimiter="\t"), points, rtol=1e-5
  )
  text = (tmp_path / "features_labels.tsv").read_text()
  assert text == "a\nb\na c\né\n"
