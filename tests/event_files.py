# SPDX-License-Identifier: Apache-2.0
"""Reads event files with TensorBoard's own reader."""

import io

import numpy as np
from PIL import Image
from tensorboard.backend.event_processing.event_accumulator import (
  EventAccumulator,
)
from tensorboard.plugins.custom_scalar import layout_pb2
from tensorboard.util import tensor_util


def read_arrays(folder, page):
  """Steps and arrays by name, of one of TensorBoard's pages."""
  events = EventAccumulator(str(folder))
  events.Reload()
  # TensorBoard reads files by name, where a process's tenth writer comes before
  # the ninth if both began in one second.
  return {
    name: [
      (event.step, tensor_util.make_ndarray(event.tensor_proto))
      for event in sorted(events.Tensors(name), key=lambda e: e.wall_time)
    ]
    for name in events.Tags()["tensors"]
    if events.SummaryMetadata(name).plugin_data.plugin_name == page
  }


def read_curves(folder):
  """Steps and values of each curve in a folder of event files."""
  return {
    name: [(step, value.item()) for step, value in points]
    for name, points in read_arrays(folder, "scalars").items()
  }


def read_charts(folder):
  """Titles and patterns of charts by the part of the page Custom Scalars."""
  ((*_, (_, content)),) = read_arrays(folder, "custom_scalars").values()
  layout = layout_pb2.Layout.FromString(content.item())
  return {
    category.title: [
      (chart.title, list(chart.multiline.tag)) for chart in category.chart
    ]
    for category in layout.category
  }


def read_pictures(folder):
  """Pixels of the last version of each picture in a folder."""
  pictures = {}
  for name, points in read_arrays(folder, "images").items():
    # Width and height come first.
    encoded = points[-1][1][2]
    pictures[name] = np.asarray(Image.open(io.BytesIO(encoded)))
  return pictures
