# SPDX-License-Identifier: Apache-2.0
"""A Keras model that an update rule trains on unlabelled data."""

import itertools
import warnings
from collections.abc import Sequence
from typing import Any, Literal

import keras
import tensorflow as tf

from lurl_tf.models.defaults import default_optimizer, metadata_of
from lurl_tf.models.few_shot import EXAMPLES_PER_CLASS
from lurl_tf.models.few_shot_scorer import FewShotScorer, check_labels
from lurl_tf.models.model_with_rule import ModelWithRule
from lurl_tf.models.rule_step import RuleMetrics, StepReport
from lurl_tf.models.rule_trainer import (
  RuleTrainer,
  check_compiled,
  check_options,
  needs_labels,
)
from lurl_tf.models.training_batches import (
  LeftOutWarning,
  check_batch_size,
  each_batch,
  shuffle_seed,
  training_batches,
)


@keras.saving.register_keras_serializable(package="lurl_tf")
class LocalRuleModel(ModelWithRule):
  """A Keras model whose `LocalRuleDense` layers learn by an update rule.

  `fit` takes unlabelled data and applies the rule to every batch; `predict`
  returns features. The layers form a chain: of the `units` given here, or
  within any model, see `from_model`.

  Training uses the statistics of each batch; inference uses moving statistics,
  which `fit` recomputes at its end, so that the features of a row do not depend
  on other rows. `batch_statistics=True` is the published protocol instead (Metz
  et al. 2019, section 3.1).

  Args:
    units: Units of each layer, bottom first; default: the published ones.
    rule: Rule, its name, or the path of a preset or of a run's log folder;
      default: the shipped rule. See `lurl_tf.rule.get`.
    activation: Activation of the layers.
    batch_statistics: Whether inference uses the statistics of its batch; False
      leaves layers of a `base_model` unchanged.
    base_model: Model to use in place of `units`, see `from_model`.
    seed: Integer seed of the initial weights and of the order of the rows; None
      draws one.
    name: Name of the model.

  Call arguments:
    inputs: Inputs `[b, i]`, or the inputs of the `base_model`.
    training: Whether to use, and keep, the statistics of the batch.

  Returns:
    Features `[b, u]`, or the outputs of the head of the `base_model`.

  Raises:
    ValueError: If the rule does not fit the layers, or they form no chain.

  Example:

  >>> model = lurl_tf.LocalRuleModel(units=(16, 8), rule="hebbian", seed=0)
  >>> model.compile()
  >>> inputs = np.random.default_rng(0).random((256, 10), np.float32)
  >>> _ = model.fit(inputs, batch_size=64, verbose=0)
  >>> model.predict(inputs, verbose=0).shape
  (256, 8)
  """

  _trainer: RuleTrainer | None = None
  _test_function = None

  @property
  def trace_count(self) -> int:
    """Number of times that the application of the rule was traced."""
    return 0 if self._trainer is None else self._trainer.trace_count

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
      optimizer: Keras optimizer that applies the rule's proposals; default: the
        optimizer and rates of the rule's metadata, else `DecayedSGD(1e-4)`.
      loss: Loss of the head's outputs.
      metrics: Metrics of the head's outputs.
      train_head: Whether the head learns by the gradient of the loss, while
        the rule trains the chain.
      head_optimizer: Optimizer of the head.
      examples_per_class: Labelled examples per class of the few-shot accuracy.
      steps_per_execution: Number of steps of one call of a compiled function.
      run_eagerly: Whether to compile nothing.
      jit_compile: Whether XLA compiles the application of the rule, which then
        repeats bit for bit; `"auto"` is the opposite of `run_eagerly`.
      convolutions: Convolutions of rules of `"published"` mixing with 40
        channels or more: `"direct"`; `"winograd"`, with half the
        multiplications and different rounding; or `"auto"`, which is
        `"winograd"` with XLA on CPUs.

    Raises:
      ValueError: If a head is to be trained without a loss, or `convolutions`
        is unknown.
    """
    check_options(train_head, loss, convolutions)
    if optimizer is None:
      optimizer = default_optimizer(self.rule)
    # XLA would drop the checks of the inputs; it compiles the rule after them.
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
    self._trainer = self._test_function = None
    self._rule_metrics = RuleMetrics()
    # Keras would search a dictionary for variables, but not a function.
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
    """Trains the layers on unlabelled data, then sets inference statistics.

    All batches have one size; rows that fill none are left out.

    Args:
      x: Inputs: an array, a `tf.data.Dataset`, a `keras.utils.PyDataset` or an
        iterable of batches, with or without labels.
      y: Labels, for a head or a supervised rule; ignored otherwise.
      batch_size: Batch size of arrays; default: that of the rule's
        meta-training, or the number of examples if it is smaller.
      epochs: Number of passes over the data.
      verbose: Verbosity, as in Keras.
      callbacks: Callbacks, as in Keras.
      validation_data: Inputs and labels, as in `evaluate`.
      shuffle: Whether to shuffle the rows of an array in every epoch.
      initial_epoch: First epoch, as in Keras.
      steps_per_epoch: Number of batches of an epoch.
      validation_steps: Number of batches of `validation_data` to use.
      validation_batch_size: Batch size of `evaluate`.
      validation_freq: Epochs between validations, as in Keras.

    Returns:
      The `History` of the norms `update_norm` (of all proposals) and
      `weight_norm` (of kernels and biases), `dead_share` (share of units whose
      outputs do not vary over a batch), and the loss and metrics of the head.

    Raises:
      ValueError: If inputs do not fit or are not scaled, or a batch holds NaN,
        infinity, or equal examples only; it changes no weights.
    """
    check_compiled(self, "fit")
    seed = shuffle_seed(self.seed, int(self.optimizer.iterations))
    batches = training_batches(
      x,
      y,
      batch_size,
      metadata_of(self.rule).batch_size,
      seed if shuffle else None,
      self.train_head or needs_labels(self.rule),
    )
    if batches.ignores_labels:
      warnings.warn(
        "Labels are ignored: the rule is unsupervised", stacklevel=2
      )
    self._prepare(batches.inputs_spec)
    with self._trainer.batch_checks.errors():
      history = super().fit(
        batches.dataset,
        epochs=epochs,
        verbose=verbose,
        callbacks=callbacks,
        validation_data=validation_data,
        shuffle=False,  # The batches are shuffled already.
        initial_epoch=initial_epoch,
        steps_per_epoch=steps_per_epoch,
        validation_steps=validation_steps,
        validation_batch_size=validation_batch_size,
        validation_freq=validation_freq,
      )
      self._trainer.estimate_statistics(
        itertools.islice(batches.inputs_again(), steps_per_epoch)
      )
    return history

  def train_on_batch(self, x, y=None, **kwargs):
    """Takes one step, as in Keras; does not call `estimate_statistics`."""
    check_compiled(self, "train_on_batch")
    x = tf.convert_to_tensor(x)
    check_batch_size(x.shape[0] if x.shape.rank else None)
    self._prepare(tf.TensorSpec(x.shape, x.dtype))
    with self._trainer.batch_checks.errors():
      return super().train_on_batch(x, y, **kwargs)

  def train_step(self, data):
    x, y, sample_weight = keras.utils.unpack_x_y_sample_weight(data)

    def head_loss(outputs):
      return self._update_head_metrics(x, y, outputs, sample_weight)

    self._trainer.train(x, y, head_loss)
    return self.get_metrics_result()

  def evaluate(
    self,
    x: Any = None,
    y: Any = None,
    batch_size: int | None = None,
    verbose: str | int = "auto",
    sample_weight: Any = None,
    steps: int | None = None,
    callbacks: Any = None,
    return_dict: bool = False,
    **kwargs,
  ) -> Any:
    """Computes few-shot accuracy of the features, and the head's metrics.

    The few-shot accuracy is computed once over all the data: a ridge read-out
    of a few labelled examples is scored on all others, see `few_shot_accuracy`.

    Args:
      x: Inputs, or pairs with labels, as in `fit`.
      y: Labels of an array.
      batch_size: Batch size of arrays.
      verbose: Verbosity; 0 for no progress bar.
      sample_weight: Not supported.
      steps: Number of batches to use.
      callbacks: Callbacks, as in Keras.
      return_dict: Whether to return values by name.
      **kwargs: Arguments that the `fit` of Keras passes; ignored.

    Returns:
      A dictionary, or a list in the same order, or its only value.

    Raises:
      ValueError: If there are no labels, or too few of a class.
    """
    del kwargs
    check_compiled(self, "evaluate")
    if sample_weight is not None:
      raise ValueError("Expected no sample weights. Received: sample_weight")
    within_fit = isinstance(callbacks, keras.callbacks.CallbackList)
    if not within_fit:
      callbacks = keras.callbacks.CallbackList(callbacks, model=self)
    callbacks.on_test_begin()
    self.reset_metrics()
    if self._test_function is None:
      self._test_function = tf.function(self.test_step, reduce_retracing=True)
    test = self.test_step if self.run_eagerly else self._test_function
    scorer = FewShotScorer(self.examples_per_class)
    for inputs, labels in itertools.islice(each_batch(x, y, batch_size), steps):
      check_labels(labels)
      inputs = tf.convert_to_tensor(inputs)
      self.build((None, *inputs.shape[1:]))
      scorer.add(test((inputs, labels)), labels)
    logs = self._head_logs() | scorer.logs()
    callbacks.on_test_end(logs)
    if verbose and not within_fit:
      progress = keras.utils.Progbar(scorer.num_batches)
      progress.update(scorer.num_batches, list(logs.items()), finalize=True)
    if return_dict:
      return logs
    values = list(logs.values())
    return values[0] if len(values) == 1 else values

  def test_step(self, data):
    """Computes features of a batch, and updates the head's loss and metrics.

    Args:
      data: Inputs and labels.

    Returns:
      Features `[b, u]`.
    """
    x, y, sample_weight = keras.utils.unpack_x_y_sample_weight(data)
    features = self._chain.features(x, training=False)
    if self.loss is not None:
      head = self._chain.head
      outputs = features if head is None else head(features, training=False)
      self._update_head_metrics(x, y, outputs, sample_weight)
    return features

  def estimate_statistics(self, x: Any, batch_size: int | None = None) -> None:
    """Recomputes the inference statistics for the current weights.

    Args:
      x: Inputs, as in `fit`.
      batch_size: Batch size of arrays; default: that of the rule's
        meta-training.
    """
    check_compiled(self, "estimate_statistics")
    size = metadata_of(self.rule).batch_size
    with warnings.catch_warnings():
      # A few rows less do not matter here.
      warnings.simplefilter("ignore", LeftOutWarning)
      batches = training_batches(x, None, batch_size, size, None, False)
    self._prepare(batches.inputs_spec)
    self._trainer.estimate_statistics(batches.inputs_again())

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
      self._make_trainer()

  def _prepare(self, spec):
    """Builds missing parts, and makes the checks that need no values."""
    self.build((None, *spec.shape[1:]) if spec.shape.rank else spec.shape)
    if self._trainer is None:
      self._make_trainer()
    self._trainer.check_inputs(spec)

  def _make_trainer(self):
    arguments = self._compile_arguments()
    self._trainer = RuleTrainer(
      self.rule,
      self._chain,
      self.optimizer,
      self.head_optimizer if self.train_head else None,
      self._rule_metrics,
      arguments["jit_compile"] and not self.run_eagerly,
      arguments["convolutions"],
    )

  def _head_logs(self):
    if self.loss is None:
      return {}
    results = self.get_metrics_result().items()
    return {n: float(v) for n, v in results if n not in StepReport._fields}

  def _update_head_metrics(self, x, y, outputs, sample_weight):
    """Returns the head's loss, and updates the means of loss and metrics."""
    loss = self.compute_loss(x, y, outputs, sample_weight)
    mean_loss = next(m for m in self.metrics if m.name == "loss")
    mean_loss.update_state(loss, sample_weight=tf.shape(outputs)[0])
    self.compute_metrics(x, y, outputs, sample_weight)
    return loss
