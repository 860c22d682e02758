# SPDX-License-Identifier: Apache-2.0
"""Reads event files as TensorBoard does."""

import io

import numpy as np
from PIL import Image
from tensorboard.backend.event_processing.event_accumulator import (
  EventAccumulator,
)
from tensorboard.util import tensor_util


def read_curves(folder):
  """Steps and values of each curve in a folder of event files."""
  events = EventAccumulator(str(folder))
  events.Reload()
  return {
    name: [
      (event.step, tensor_util.make_ndarray(event.tensor_proto).item())
      for event in events.Tensors(name)
    ]
    for name in events.Tags()["tensors"]
  }


def read_pictures(folder):
  """The last of each picture in a folder of event files, as pixels."""
  events = EventAccumulator(str(folder))
  events.Reload()
  pictures = {}
  for name in events.Tags()["tensors"]:
    # Width and height come first.
    encoded = tensor_util.make_ndarray(events.Tensors(name)[-1].tensor_proto)[2]
    pictures[name] = np.asarray(Image.open(io.BytesIO(encoded)))
  return pictures
