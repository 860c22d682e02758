# SPDX-License-Identifier: Apache-2.0
"""A Keras model that holds a rule, and is saved with it."""

import random
from collections.abc import Sequence
from typing import Any

import keras

from lurl_tf import rule as rules
from lurl_tf.layers import LocalRuleDense
from lurl_tf.models.defaults import check_rule, default_layers
from lurl_tf.models.layer_chain import LayerChain, find_layer_chain

PUBLISHED_UNITS = (128, 128, 128, 128, 32)


class ModelWithRule(keras.Model):
  """Keras model of a chain of layers and a rule, without training.

  It builds the base model, checks that the rule fits it, and saves both.

  Args:
    units: Units of each layer, bottom first.
    rule: Rule, or an argument of `lurl_tf.rule.get`.
    activation: Activation of the layers.
    batch_statistics: Whether inference uses the statistics of its batch.
    base_model: Model to use in place of `units`.
    seed: Integer seed of the initial weights; None draws one.
    name: Name of the model.
  """

  def __init__(
    self,
    units: Sequence[int] = PUBLISHED_UNITS,
    rule: Any = None,
    activation: Any = "relu",
    batch_statistics: bool = False,
    base_model: keras.Model | None = None,
    seed: int | None = None,
    name: str | None = None,
  ):
    super().__init__(name=name)
    self.rule = rules.get(rule)
    self.seed = random.randrange(2**31) if seed is None else seed
    if base_model is None:
      base_model = default_layers(units, activation, self.seed)
    self.base_model = base_model
    self.batch_statistics = batch_statistics
    self._chain: LayerChain | None = None
    if base_model.built:
      self.build(getattr(base_model, "input_shape", None))

  @classmethod
  def from_model(
    cls, model: keras.Model, rule: Any = None, **kwargs
  ) -> "ModelWithRule":
    """Wraps a model in which `LocalRuleDense` layers form a chain.

    Layers before the chain, such as a frozen convolutional stem, are not
    changed; layers after it are the head. The chain is trained in place.

    Args:
      model: Functional or `Sequential` model of one input and one output.
      rule: Rule, as in the constructor.
      **kwargs: `batch_statistics`, `seed` and `name` of the constructor.

    Returns:
      A model of this class.

    Raises:
      ValueError: If there is no such chain, or the rule does not fit it.
    """
    return cls(base_model=model, rule=rule, **kwargs)

  def build(self, input_shape):
    if self._chain is not None:
      return
    if not self.base_model.built:
      first = self.base_model.layers[0]
      if isinstance(first, LocalRuleDense) and len(input_shape) != 2:
        raise ValueError(
          "Expected inputs [b, i]; see `from_model` for a base model that "
          "begins with keras.layers.Flatten. Received: inputs of shape "
          f"{tuple(input_shape)}"
        )
      self.base_model.build(input_shape)
    chain = find_layer_chain(self.base_model)
    check_rule(self.rule, chain.layers)
    if self.batch_statistics:
      for layer in chain.layers:
        layer.batch_statistics = True
    self._chain = chain

  def call(self, inputs, training=None):
    return self.base_model(inputs, training=training)

  @property
  def feature_model(self) -> keras.Model:
    """The model without its head; it shares all variables."""
    if self._chain is None:
      raise ValueError(
        "Expected a built model: call `build(input_shape)` or `fit` first. "
        "Received: built=False"
      )
    return self._chain.features

  def get_config(self):
    serialize = keras.saving.serialize_keras_object
    return {
      "base_model": serialize(self.base_model),
      "rule": serialize(self.rule),
      "batch_statistics": self.batch_statistics,
      "seed": self.seed,
      "name": self.name,
    }

  @classmethod
  def from_config(cls, config, custom_objects=None):
    """Makes the model that `get_config` describes.

    Args:
      config: Result of `get_config`.
      custom_objects: Classes by name, as in Keras.

    Returns:
      A model of this class.
    """
    config = dict(config)
    for key in ("base_model", "rule"):
      config[key] = keras.saving.deserialize_keras_object(
        config[key], custom_objects=custom_objects
      )
    return cls(**config)

  def save_own_variables(self, store):
    # Keras does not find the variables of a tf.Module.
    for index, variable in enumerate(self._meta_parameters):
      store[f"meta_parameter_{index}"] = variable.numpy()

  def load_own_variables(self, store):
    variables = self._meta_parameters
    if len(store.keys()) != len(variables):
      raise ValueError(
        f"Expected {len(variables)} meta-parameters of the rule. Received: a "
        f"file with {len(store.keys())}"
      )
    for index, variable in enumerate(variables):
      variable.assign(store[f"meta_parameter_{index}"])

  def export(self, filepath, *args, **kwargs):
    # Serving needs neither the rule nor this library.
    return self.base_model.export(filepath, *args, **kwargs)

  @property
  def _meta_parameters(self):
    return getattr(self.rule, "meta_parameters", ())
