# SPDX-License-Identifier: Apache-2.0
"""Curves and pictures for TensorBoard, with all calls of `tf.summary`."""

import os
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import tensorflow as tf
from tensorboard.plugins import projector
from tensorboard.plugins.custom_scalar import layout_pb2
from tensorboard.plugins.custom_scalar import summary as custom_scalar
from tensorboard.plugins.hparams import api as hparams

from lurl_tf import files


class Chart(NamedTuple):
  """Several curves on one chart of the page Custom Scalars.

  Attributes:
    title: Title of the chart.
    curves: Regular expressions; a curve is on the chart if one of them matches
      the beginning of its name.
  """

  title: str
  curves: tuple[str, ...]


class SummaryWriter:
  """Writes event files that TensorBoard reads.

  Args:
    logdir: Folder of the event files.
  """

  def __init__(self, logdir: str | os.PathLike[str]):
    self._logdir = os.fspath(logdir)
    self._writer = tf.summary.create_file_writer(self._logdir)

  def scalars(self, step: int, values: Mapping[str, float]) -> None:
    """Adds a point to each of several curves.

    Args:
      step: Position on the horizontal axis.
      values: Value by the name of the curve, such as `"meta/loss"`.
    """
    with self._writer.as_default(step):
      for name, value in values.items():
        tf.summary.scalar(name, value)

  def image(self, step: int, name: str, pixels: np.ndarray) -> None:
    """Adds a picture.

    Args:
      step: Position on the slider.
      name: Name of the picture, such as `"tasks/0"`.
      pixels: Picture, uint8 `[height, width, channels]`, of 1 or 3 channels.
    """
    with self._writer.as_default(step):
      tf.summary.image(name, pixels[np.newaxis])

  def histograms(self, step: int, values: Mapping[str, np.ndarray]) -> None:
    """Adds a distribution to each of several histograms.

    Args:
      step: Position on the axis of steps.
      values: Numbers of any shape by name, such as `"theta/weights"`; numbers
        that are not finite are omitted.
    """
    with self._writer.as_default(step):
      for name, numbers in values.items():
        numbers = np.asarray(numbers)
        tf.summary.histogram(name, numbers[np.isfinite(numbers)])

  def hyper_parameters(
    self,
    values: Mapping[str, bool | float | int | str],
    metrics: Sequence[str] = (),
    run_name: str | None = None,
  ) -> None:
    """Writes the hyperparameters of the run, for the page HParams.

    Args:
      values: Value by name.
      metrics: Names of curves to show beside them.
      run_name: Unique name of the run, of which tables show the first letters;
        default: the folder of the event files.
    """
    with self._writer.as_default(0):
      hparams.hparams_config(
        [hparams.HParam(name) for name in values],
        [hparams.Metric(name) for name in metrics],
      )
      hparams.hparams(dict(values), trial_id=run_name or self._logdir)

  def charts(self, categories: Mapping[str, Sequence[Chart]]) -> None:
    """Defines the layout of the page Custom Scalars.

    TensorBoard merges the layouts of all runs that it shows, and charts of the
    same title and curves.

    Args:
      categories: Charts by the title of a part of the page.
    """
    layout = layout_pb2.Layout(
      category=[
        layout_pb2.Category(
          title=title,
          chart=[
            layout_pb2.Chart(
              title=chart.title,
              multiline=layout_pb2.MultilineChartContent(tag=chart.curves),
            )
            for chart in charts
          ],
        )
        for title, charts in categories.items()
      ]
    )
    with self._writer.as_default(0):
      tf.summary.experimental.write_raw_pb(
        custom_scalar.pb(layout).SerializeToString()
      )

  def embedding(
    self, name: str, vectors: np.ndarray, labels: Sequence[str]
  ) -> None:
    """Writes points for the projector, in place of earlier ones.

    Args:
      name: Name of the points and of their files.
      vectors: Points `[b, u]`.
      labels: Names of the points, by which they can be coloured.
    """
    config = projector.ProjectorConfig()
    entry = config.embeddings.add()
    entry.tensor_name = name
    entry.tensor_path, entry.metadata_path = f"{name}.tsv", f"{name}_labels.tsv"
    lines = {
      entry.tensor_path: (
        "\t".join(f"{number:.6g}" for number in row) for row in vectors
      ),
      # A tab would begin another column.
      entry.metadata_path: (label.replace("\t", " ") for label in labels),
    }
    for path, text in lines.items():
      files.write_atomically(
        tf.io.gfile.join(self._logdir, path),
        "".join(f"{line}\n" for line in text).encode(),
      )
    projector.visualize_embeddings(self._logdir, config)

  def flush(self) -> None:
    """Writes all buffered points to disk."""
    self._writer.flush()
