# SPDX-License-Identifier: Apache-2.0
"""Training of a model's layers by a rule, and of its head by gradients."""

import warnings
from collections.abc import Callable, Iterable
from typing import Any, Literal

import keras
import tensorflow as tf

from lurl_tf.models.inference_statistics import estimate_statistics
from lurl_tf.models.input_checks import BatchChecks, check_inputs
from lurl_tf.models.layer_chain import LayerChain
from lurl_tf.models.rule_step import RuleMetrics, RuleStep, chain_variables
from lurl_tf.rule.inner_step import Rule


class RuleTrainer:
  """Trains the parts of a model; `LocalRuleModel` is the Keras model around it.

  Args:
    rule: Rule that proposes the changes of the layers.
    chain: Parts of the model.
    optimizer: Keras optimizer that applies the proposals.
    head_optimizer: Keras optimizer of the head; None leaves the head alone.
    metrics: Metrics that every step updates.
    jit_compile: Whether XLA compiles the application of the rule.
    convolutions: Convolutions of a learned rule; see `RuleStep`.

  Raises:
    ValueError: If a head is to be trained and the model has none.
  """

  def __init__(
    self,
    rule: Rule,
    chain: LayerChain,
    optimizer: keras.optimizers.Optimizer,
    head_optimizer: keras.optimizers.Optimizer | None,
    metrics: RuleMetrics,
    jit_compile: bool,
    convolutions: Literal["auto", "direct", "winograd"],
  ):
    if head_optimizer is not None and chain.head is None:
      raise ValueError(
        "Expected layers after the LocalRuleDense layers, a head to train. "
        "Received: train_head=True, and no such layers"
      )
    self._chain, self._metrics = chain, metrics
    self._head_optimizer = head_optimizer
    self._needs_labels = needs_labels(rule)
    if not optimizer.built:
      optimizer.build(chain_variables(chain.layers))
    if head_optimizer is not None and not head_optimizer.built:
      head_optimizer.build(chain.head.trainable_variables)
    self._step = RuleStep(
      rule, chain.layers, optimizer, jit_compile, convolutions
    )
    self.batch_checks = BatchChecks(chain.layers[-1].units)

  @property
  def trace_count(self) -> int:
    """Number of times that the application of the rule was traced."""
    return self._step.trace_count

  def check_inputs(self, spec: tf.TensorSpec) -> None:
    """Raises ValueError if inputs do not fit the model, or are not scaled.

    Args:
      spec: Shape and type of a batch of inputs.
    """
    check_inputs(spec, self._chain)

  def train(
    self, x: tf.Tensor, y: Any, head_loss: Callable[[tf.Tensor], tf.Tensor]
  ) -> None:
    """Takes one step, unless the batch is refused by `batch_checks`.

    Args:
      x: Inputs of the model.
      y: Labels, or None.
      head_loss: Function that returns the loss of the head's outputs.
    """
    inputs = self._chain.stem(x, training=False)
    labels = y if self._needs_labels else None
    checks = self.batch_checks.operations(inputs, labels)
    with tf.control_dependencies(checks):
      report = self._step(tf.identity(inputs), labels)
      self._metrics.update(report)
      if self._head_optimizer is not None:
        self._train_head(report.features, head_loss)

  def estimate_statistics(self, batches: Iterable[tf.Tensor]) -> None:
    """Recomputes the inference statistics for the current weights.

    Warns and leaves the statistics unchanged if there is no batch.

    Args:
      batches: Inputs of the model, batches of one size.
    """
    count = estimate_statistics(
      self._chain.layers,
      self._step.moments,
      (self._chain.stem(batch, training=False) for batch in batches),
    )
    if not count:
      warnings.warn(
        "The data hold no batch for the inference statistics; call "
        "`estimate_statistics`",
        stacklevel=3,
      )

  def _train_head(self, features, head_loss):
    head = self._chain.head
    with tf.GradientTape() as tape:
      loss = head_loss(head(features, training=True))
    gradients = tape.gradient(loss, head.trainable_variables)
    self._head_optimizer.apply(gradients, head.trainable_variables)


def needs_labels(rule: Rule) -> bool:
  """Whether a rule is supervised.

  Args:
    rule: Any callable that `inner_step` takes.

  Returns:
    The rule's `needs_targets`, False for callables without it.
  """
  return getattr(rule, "needs_targets", False)


def check_options(train_head: bool, loss: Any, convolutions: str) -> None:
  """Raises ValueError for arguments of `compile` that do not fit.

  Args:
    train_head: Whether the head is trained.
    loss: Loss of the head, or None.
    convolutions: Name of the convolutions.
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


def check_compiled(model: keras.Model, method: str) -> None:
  """Raises an error unless a method of a compiled model can run.

  Args:
    model: Model whose method is called.
    method: Name of the method.

  Raises:
    RuntimeError: If Keras uses another backend than TensorFlow.
    ValueError: If the model is not compiled.
  """
  if keras.backend.backend() != "tensorflow":
    raise RuntimeError(
      f"`{method}` needs Keras's TensorFlow backend; `predict` runs on all. "
      f"Received: the backend {keras.backend.backend()!r}"
    )
  if not model.compiled:
    raise ValueError(
      f"Expected a call of `compile()` before `{method}`. Received: an "
      "uncompiled model"
    )
