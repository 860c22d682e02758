# SPDX-License-Identifier: Apache-2.0
"""How a model with a rule is evaluated: few-shot accuracy, loss and metrics."""

import itertools
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from lurl_tf.models.few_shot import class_numbers, few_shot_accuracy
from lurl_tf.models.model_with_rule import ModelWithRule
from lurl_tf.models.rule_step import StepReport
from lurl_tf.models.training_batches import each_batch

FEW_SHOT_ACCURACY = "few_shot_accuracy"


class ScoredModel(ModelWithRule):
  """What `LocalRuleModel` is, apart from its training."""

  _test_function = None

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
    """Few-shot accuracy of the features, and the head's loss and metrics.

    The few-shot accuracy is computed once over all the data: a ridge read-out
    of a few labelled examples is scored on all others, see `few_shot_accuracy`.

    Args:
      x: inputs, or pairs with labels, as `fit` takes them.
      y: labels beside an array.
      batch_size: of arrays.
      verbose: 0 for no progress bar.
      sample_weight: not taken.
      steps: number of batches to use.
      callbacks: as in Keras.
      return_dict: whether the values come with their names.
      **kwargs: what Keras's own `fit` passes.

    Returns:
      A dictionary, or a list in the same order, or its only value.

    Raises:
      ValueError: if there are no labels, or too few of a class.
    """
    del kwargs
    self._require_compiled("evaluate")
    if sample_weight is not None:
      raise ValueError("Few-shot accuracy takes no sample weights.")
    within_fit = isinstance(callbacks, keras.callbacks.CallbackList)
    if not within_fit:
      callbacks = keras.callbacks.CallbackList(callbacks, model=self)
    callbacks.on_test_begin()
    self.reset_metrics()
    if self._test_function is None:
      self._test_function = tf.function(self.test_step, reduce_retracing=True)
    test = self.test_step if self.run_eagerly else self._test_function
    features, labels = [], []
    for inputs, own_labels in itertools.islice(
      each_batch(x, y, batch_size), steps
    ):
      if own_labels is None:
        raise ValueError(
          "Expected inputs and labels to score features on. Received: no labels"
        )
      inputs = tf.convert_to_tensor(inputs)
      self.build((None, *inputs.shape[1:]))
      features.append(test((inputs, own_labels)))
      labels.append(np.asarray(own_labels))
    logs = {}
    if self.loss is not None:
      logs = {
        name: float(value)
        for name, value in self.get_metrics_result().items()
        if name not in StepReport._fields
      }
    labels = class_numbers(labels)
    if labels is not None:
      logs[FEW_SHOT_ACCURACY] = few_shot_accuracy(
        np.concatenate(features), labels, self.examples_per_class
      )
    callbacks.on_test_end(logs)
    if verbose and not within_fit:
      progress = keras.utils.Progbar(len(features))
      progress.update(len(features), list(logs.items()), finalize=True)
    if return_dict:
      return logs
    values = list(logs.values())
    return values[0] if len(values) == 1 else values

  def test_step(self, data):
    """Features of a batch; adds to the head's loss and metrics.

    Args:
      data: inputs and labels.

    Returns:
      `[b, u]`.
    """
    x, y, sample_weight = keras.utils.unpack_x_y_sample_weight(data)
    features = self._chain.features(x, training=False)
    if self.loss is not None:
      head = self._chain.head
      outputs = features if head is None else head(features, training=False)
      self._update_head_metrics(x, y, outputs, sample_weight)
    return features

  def _require_compiled(self, method):
    if keras.backend.backend() != "tensorflow":
      raise RuntimeError(
        f"`{method}` needs Keras's TensorFlow backend; `predict` runs on all. "
        f"Received: the backend {keras.backend.backend()!r}"
      )
    if not self.compiled:
      raise ValueError(f"Call `compile()` before `{method}`.")

  def _chain_inputs(self, x):
    return self._chain.stem(x, training=False)

  def _update_head_metrics(self, x, y, outputs, sample_weight):
    """The head's loss; it and the head's metrics are added to their means."""
    loss = self.compute_loss(x, y, outputs, sample_weight)
    mean_loss = next(m for m in self.metrics if m.name == "loss")
    mean_loss.update_state(loss, sample_weight=tf.shape(outputs)[0])
    self.compute_metrics(x, y, outputs, sample_weight)
    return loss
