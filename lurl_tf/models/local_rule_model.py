# SPDX-License-Identifier: Apache-2.0
"""A Keras model that an update rule trains on unlabelled data."""

import itertools
import warnings
from collections.abc import Sequence
from typing import Any, Literal

import keras
import numpy as np
import tensorflow as tf

from lurl_tf.models import input_checks
from lurl_tf.models.defaults import default_optimizer, metadata_of
from lurl_tf.models.few_shot import EXAMPLES_PER_CLASS
from lurl_tf.models.inference_statistics import estimate_statistics
from lurl_tf.models.rule_step import RuleMetrics, RuleStep, chain_variables
from lurl_tf.models.scored_model import ScoredModel
from lurl_tf.models.training_batches import check_batch_size, training_batches


@keras.saving.register_keras_serializable(package="lurl_tf")
class LocalRuleModel(ScoredModel):
  """A Keras model whose `LocalRuleDense` layers learn by an update rule.

  `fit` takes unlabelled data and applies the rule to every batch; `predict`
  gives features. The layers form a chain, of the `units` given here or within
  any model, see `from_model`.

  Training uses the statistics of each batch, inference moving ones, which `fit`
  sets anew at its end: the features of a row do not depend on its neighbours.
  `batch_statistics=True` is the published protocol instead (Metz et al. 2019,
  section 3.1).

  Args:
    units: units of each layer, bottom first; the default is published.
    rule: a rule, the name of one, or the path of a preset or of a run's log
      folder; default: the shipped one. See `lurl_tf.rule.get`.
    activation: of the layers.
    batch_statistics: whether inference uses the statistics of its batch; False
      leaves layers of a `base_model` as they are.
    base_model: in place of `units`, see `from_model`.
    seed: of the starting weights and of the order of the rows; None draws one.
    name: of the model.

  Call arguments:
    inputs: `[b, i]`, or whatever the `base_model` takes.
    training: whether to use, and keep, the statistics of the batch.

  Returns:
    Features `[b, u]`, or what the head of the `base_model` makes of them.

  Raises:
    ValueError: if the rule does not fit the layers, or they form no chain.

  Example:

  >>> model = lurl_tf.LocalRuleModel(units=(16, 8), rule="hebbian", seed=0)
  >>> model.compile()
  >>> inputs = np.random.default_rng(0).random((256, 10), np.float32)
  >>> _ = model.fit(inputs, batch_size=64, verbose=0)
  >>> model.predict(inputs, verbose=0).shape
  (256, 8)
  """

  _rule_step: RuleStep | None = None

  @classmethod
  def from_model(
    cls, model: keras.Model, rule: Any = None, **kwargs
  ) -> "LocalRuleModel":
    """Wraps a model in which `LocalRuleDense` layers form a chain.

    What comes before the chain, such as a frozen convolutional stem, stays as
    it is; what comes after it is the head. The layers are trained in place.

    Args:
      model: a functional or `Sequential` model of one input and one output.
      rule: as in `LocalRuleModel`.
      **kwargs: `batch_statistics`, `seed` and `name` of `LocalRuleModel`.

    Returns:
      A `LocalRuleModel`.

    Raises:
      ValueError: if there is no such chain, or the rule does not fit it.
    """
    return cls(base_model=model, rule=rule, **kwargs)

  @property
  def trace_count(self) -> int:
    """How often the application of the rule was traced."""
    return 0 if self._rule_step is None else self._rule_step.trace_count

  def compile(
    self,
    optimizer: Any = None,
    loss: Any = None,
    metrics: Any = None,
    train_head: bool = False,
    head_optimizer: Any = "adam",
    examples_per_class: int = EXAMPLES_PER_CLASS,
    steps_per_execution: int = 1,
    run_eagerly: bool = False,
    jit_compile: bool | str = "auto",
    convolutions: Literal["auto", "direct", "winograd"] = "auto",
  ) -> None:
    """Prepares the model for `fit` and `evaluate`.

    Args:
      optimizer: applies the rule's proposals; default: `DecayedSGD` at the
        rates the rule was meta-trained with, 1e-4 where it does not say.
      loss: of the head's outputs.
      metrics: of the head's outputs.
      train_head: whether the head learns by the gradient of the loss, while
        the rule trains the rest.
      head_optimizer: of the head.
      examples_per_class: labelled examples of the few-shot accuracy.
      steps_per_execution: steps within one call of a compiled function.
      run_eagerly: whether nothing is compiled.
      jit_compile: whether XLA compiles the application of the rule, which then
        repeats bit for bit; `"auto"`: unless `run_eagerly`.
      convolutions: how rules of `"published"` mixing convolve 40 channels or
        more: `"direct"`; `"winograd"`, half the multiplications, and other
        rounding; or `"auto"`: `"winograd"` where XLA compiles for processors.

    Raises:
      ValueError: if a head is to be trained without a loss, or `convolutions`
        is none of these.
    """
    if convolutions not in ("auto", "direct", "winograd"):
      raise ValueError(
        "`convolutions` must be 'auto', 'direct' or 'winograd'. Received: "
        f"convolutions={convolutions!r}"
      )
    if train_head and loss is None:
      raise ValueError(
        "A head that is trained needs a loss. Received: train_head=True, "
        "loss=None"
      )
    if optimizer is None:
      optimizer = default_optimizer(self.rule)
    # XLA would drop the checks of the inputs: it compiles what follows them.
    super().compile(
      optimizer,
      loss=loss,
      metrics=metrics,
      steps_per_execution=steps_per_execution,
      run_eagerly=run_eagerly,
      jit_compile=False,
      auto_scale_loss=False,
    )
    self.train_head = train_head
    self.head_optimizer = keras.optimizers.get(head_optimizer)
    self.examples_per_class = examples_per_class
    self._rule_step = self._test_function = None
    self._rule_metrics = RuleMetrics()
    # A function, as Keras would look for variables in a dictionary.
    self._compile_arguments = lambda: {
      "optimizer": self.optimizer,
      "loss": loss,
      "metrics": metrics,
      "train_head": train_head,
      "head_optimizer": self.head_optimizer,
      "examples_per_class": examples_per_class,
      "steps_per_execution": steps_per_execution,
      "run_eagerly": run_eagerly,
      "jit_compile": jit_compile,
      "convolutions": convolutions,
    }

  def fit(
    self,
    x: Any,
    y: Any = None,
    batch_size: int | None = None,
    epochs: int = 1,
    verbose: str | int = "auto",
    callbacks: Any = None,
    validation_data: Any = None,
    shuffle: bool = True,
    initial_epoch: int = 0,
    steps_per_epoch: int | None = None,
    validation_steps: int | None = None,
    validation_batch_size: int | None = None,
    validation_freq: int | Sequence[int] = 1,
  ) -> keras.callbacks.History:
    """Trains the layers on unlabelled data, then the statistics of inference.

    All batches have one size; rows that fill none are left out.

    Args:
      x: inputs: an array, a `tf.data.Dataset`, a `keras.utils.PyDataset` or an
        iterable of batches, with or without labels.
      y: labels, for a head or a supervised rule; ignored otherwise.
      batch_size: of arrays; default: what the rule was meta-trained with, or
        as many examples as there are.
      epochs: passes over the data.
      verbose: as in Keras.
      callbacks: as in Keras.
      validation_data: pairs of inputs and labels, see `evaluate`.
      shuffle: whether the rows of an array come in another order each epoch.
      initial_epoch: as in Keras.
      steps_per_epoch: batches of an epoch.
      validation_steps: batches of `validation_data` to use.
      validation_batch_size: batch size of `evaluate`.
      validation_freq: as in Keras.

    Returns:
      The `History` of `update_norm` (of all proposals together), `weight_norm`
      (of all kernels and biases), `dead_share` (of units whose outputs do not
      vary over a batch), and what the head is compiled with.

    Raises:
      ValueError: if inputs do not fit, are not scaled, or a batch holds NaN,
        infinity, or equal examples only; weights are then those before it.
    """
    self._require_compiled("fit")
    needs_labels = self.train_head or self._rule_needs_targets
    batches = training_batches(
      x,
      y,
      batch_size,
      metadata_of(self.rule).batch_size,
      self._shuffle_seed() if shuffle else None,
      needs_labels,
    )
    if batches.ignores_labels:
      warnings.warn(
        "Labels are ignored: the rule does not look at them", stacklevel=2
      )
    self._prepare(batches.inputs_spec)
    with input_checks.clear_errors():
      history = super().fit(
        batches.dataset,
        epochs=epochs,
        verbose=verbose,
        callbacks=callbacks,
        validation_data=validation_data,
        shuffle=False,  # the batches are
        initial_epoch=initial_epoch,
        steps_per_epoch=steps_per_epoch,
        validation_steps=validation_steps,
        validation_batch_size=validation_batch_size,
        validation_freq=validation_freq,
      )
      self._set_statistics(
        itertools.islice(batches.inputs_again(), steps_per_epoch)
      )
    return history

  def train_on_batch(self, x, y=None, **kwargs):
    """One step, as in Keras; `estimate_statistics` is up to the caller."""
    self._require_compiled("train_on_batch")
    x = tf.convert_to_tensor(x)
    check_batch_size(x.shape[0] if x.shape.rank else None)
    self._prepare(tf.TensorSpec(x.shape, x.dtype))
    with input_checks.clear_errors():
      return super().train_on_batch(x, y, **kwargs)

  def train_step(self, data):
    x, y, sample_weight = keras.utils.unpack_x_y_sample_weight(data)
    inputs = self._chain_inputs(x)
    labels = y if self._rule_needs_targets else None
    checks = input_checks.assertions(
      inputs, labels, self._chain.layers[-1].units
    )
    with tf.control_dependencies(checks):
      report = self._rule_step(tf.identity(inputs), labels)
      self._rule_metrics.update(report)
      if self.train_head:
        self._train_head(x, y, report.features, sample_weight)
    return self.get_metrics_result()

  def estimate_statistics(self, x: Any, batch_size: int | None = None) -> None:
    """Sets the statistics of inference anew, at the weights as they are.

    Args:
      x: inputs, as `fit` takes them.
      batch_size: of arrays; default: the rule's own.
    """
    self._require_compiled("estimate_statistics")
    size = metadata_of(self.rule).batch_size
    with warnings.catch_warnings():
      warnings.simplefilter("ignore")  # A few rows less do not matter here.
      batches = training_batches(x, None, batch_size, size, None, False)
    self._prepare(batches.inputs_spec)
    self._set_statistics(batches.inputs_again())

  @property
  def metrics(self):
    metrics = super().metrics
    if not self.compiled:
      return metrics
    if self.loss is None:
      metrics = [metric for metric in metrics if metric.name != "loss"]
    return [*metrics, *self._rule_metrics.means]

  def get_compile_config(self):
    if not self.compiled:
      return {}
    return keras.saving.serialize_keras_object(self._compile_arguments())

  def compile_from_config(self, config):
    self.compile(**keras.saving.deserialize_keras_object(config))
    # The optimizers must have their variables before those are loaded.
    if self._chain is not None:
      self._build_optimizers()

  @property
  def _rule_needs_targets(self):
    return getattr(self.rule, "needs_targets", False)

  def _shuffle_seed(self):
    # A model that was saved and loaded goes on with other orders of the rows,
    # as the same model would.
    key = [self.seed, int(self.optimizer.iterations)]
    return int(np.random.SeedSequence(key).generate_state(1)[0])

  def _prepare(self, spec):
    """Builds what is missing, and checks what can be checked before a step."""
    self.build((None, *spec.shape[1:]) if spec.shape.rank else spec.shape)
    input_checks.check_inputs(spec, self._chain)
    if self.train_head and self._chain.head is None:
      raise ValueError(
        "Expected layers after the LocalRuleDense layers, a head to train. "
        "Received: train_head=True, and none"
      )
    if self._rule_step is None:
      self._build_optimizers()
      arguments = self._compile_arguments()
      jit_compile = arguments["jit_compile"] and not self.run_eagerly
      self._rule_step = RuleStep(
        self.rule,
        self._chain.layers,
        self.optimizer,
        jit_compile,
        arguments["convolutions"],
      )

  def _build_optimizers(self):
    for optimizer, variables in (
      (self.optimizer, chain_variables(self._chain.layers)),
      (
        self.head_optimizer,
        self._chain.head.trainable_variables if self.train_head else None,
      ),
    ):
      if variables is not None and not optimizer.built:
        optimizer.build(variables)

  def _train_head(self, x, y, features, sample_weight):
    head = self._chain.head
    with tf.GradientTape() as tape:
      outputs = head(features, training=True)
      loss = self._update_head_metrics(x, y, outputs, sample_weight)
    gradients = tape.gradient(loss, head.trainable_variables)
    self.head_optimizer.apply(gradients, head.trainable_variables)

  def _set_statistics(self, batches):
    count = estimate_statistics(
      self._chain.layers,
      self._rule_step.moments,
      (self._chain_inputs(batch) for batch in batches),
    )
    if not count:
      warnings.warn(
        "The data gave no batch for the statistics of inference; call "
        "`estimate_statistics`",
        stacklevel=3,
      )
