# SPDX-License-Identifier: Apache-2.0
"""Reads event files as TensorBoard does."""

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
