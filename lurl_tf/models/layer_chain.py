# SPDX-License-Identifier: Apache-2.0
"""Finds the layers of a Keras model that a rule can train."""

import dataclasses
from typing import NamedTuple

import keras

from lurl_tf.layers import LocalRuleDense


@dataclasses.dataclass(frozen=True)
class LayerChain:
  """Parts of a model, which share its variables.

  Args:
    stem: Model from the inputs to the inputs of the chain.
    layers: Layers of the chain, bottom first.
    features: Model from the inputs to the outputs of the chain.
    head: Model from the outputs of the chain to the outputs; None if they are
      the same.
  """

  stem: keras.Model
  layers: tuple[LocalRuleDense, ...]
  features: keras.Model
  head: keras.Model | None


class _Call(NamedTuple):
  """Call of a layer of the chain."""

  layer: LocalRuleDense
  inputs: keras.KerasTensor
  outputs: keras.KerasTensor


def find_layer_chain(model: keras.Model) -> LayerChain:
  """Splits a model into its chain of `LocalRuleDense` layers and the rest.

  Args:
    model: Functional or built `Sequential` model.

  Returns:
    The parts of the model.

  Raises:
    ValueError: If there are no such layers, or other layers lie between or
      beside them.
  """
  if not getattr(model, "inputs", None):
    raise ValueError(
      "Expected a functional or Sequential model, whose layers can be looked "
      f"at. Received: {type(model).__name__}"
    )
  if len(model.inputs) != 1 or len(model.outputs) != 1:
    raise ValueError(
      "Expected a model of one input and one output. Received: "
      f"{len(model.inputs)} inputs and {len(model.outputs)} outputs"
    )
  inputs, outputs, calls = _call_again(model)
  if not calls:
    raise ValueError(
      "Expected a model with LocalRuleDense layers. Received: layers "
      f"{[layer.name for layer in model.layers]}"
    )
  layers = tuple(call.layer for call in calls)
  if len(set(map(id, layers))) < len(layers):
    raise ValueError(
      "Every LocalRuleDense layer must be used once. Received: layers "
      f"{[layer.name for layer in layers]}"
    )
  for below, above in zip(calls[:-1], calls[1:]):
    if above.inputs is not below.outputs:
      raise ValueError(
        "LocalRuleDense layers must form a chain, one right after the other. "
        f"Received: something between {below.layer.name!r} and "
        f"{above.layer.name!r}"
      )
  top = calls[-1].outputs
  try:
    return LayerChain(
      keras.Model(inputs, calls[0].inputs),
      layers,
      keras.Model(inputs, top),
      None if outputs is top else keras.Model(top, outputs),
    )
  except ValueError as error:
    raise ValueError(
      "The model's outputs must depend on the top LocalRuleDense layer alone. "
      f"Received: a model in which something leads past {layers[-1].name!r}"
    ) from error


def _call_again(
  model: keras.Model,
) -> tuple[keras.KerasTensor, keras.KerasTensor, list[_Call]]:
  """Calls the model's layers on a new input, and records those of the chain."""
  calls = []

  def call(layer, *args, **kwargs):
    outputs = layer(*args, **kwargs)
    if isinstance(layer, LocalRuleDense):
      calls.append(_Call(layer, args[0], outputs))
    return outputs

  if isinstance(model, keras.Sequential):
    tensor = inputs = keras.Input(
      batch_shape=model.inputs[0].shape, dtype=model.inputs[0].dtype
    )
    for layer in model.layers:
      tensor = call(layer, tensor)
    return inputs, tensor, calls
  again = keras.models.clone_model(
    model, clone_function=lambda layer: layer, call_function=call
  )
  return again.inputs[0], again.outputs[0], calls
