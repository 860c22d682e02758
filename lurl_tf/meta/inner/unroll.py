# SPDX-License-Identifier: Apache-2.0
"""A truncation: several inner steps and the scores of their states."""

from collections.abc import Sequence
from typing import NamedTuple

import tensorflow as tf

from lurl_tf.layers.forward_pass import Activation, forward
from lurl_tf.meta.inner.imitation import imitation_error
from lurl_tf.meta.inner.objective import (
  ridge_objective,
)
from lurl_tf.meta.inner.optimizer_state import (
  DEFAULT_INNER_OPTIMIZER,
  SlotOptimizer,
  optimizer_parts,
)
from lurl_tf.meta.inner.recomputation import recomputed
from lurl_tf.meta.inner.state import InnerState, SlotClock
from lurl_tf.meta.inner.unroll_config import UnrollConfig
from lurl_tf.meta.metrics import UnrollMetrics
from lurl_tf.optimizers import (
  FunctionalOptimizer,
  InnerOptimizerConfig,
  scheduled_rate,
)
from lurl_tf.rule.arithmetic.scope import arithmetic_scope
from lurl_tf.rule.learned.parameter_specs import parameter_specs
from lurl_tf.rule.learned.update_rule import propose_changes
from lurl_tf.structures import Episode, LayerWeights, RuleConfig


class TruncationData(NamedTuple):
  """Data of all inner steps of one truncation.

  Attributes:
    batches: `[s, t, b, i]`, unlabelled examples, one batch per step `s`.
    episodes: `Episode` of `[s', t, d, b, i]` and `[s', t, d, b, k]`, one per
      scored state `s'` and label draw `d`.
  """

  batches: tf.Tensor
  episodes: Episode


class MetaParameters(NamedTuple):
  """Meta-learned arrays, each with or without a leading axis of tasks.

  Attributes:
    rule: theta, a flat tuple in the order of `parameter_specs`.
    log_rates: `[n]`, logarithms of the knots of the inner learning rate.
  """

  rule: tuple[tf.Tensor, ...]
  log_rates: tf.Tensor


def score(
  weights: Sequence[LayerWeights],
  episode: Episode,
  config: UnrollConfig,
  activation: Activation = "relu",
) -> UnrollMetrics:
  """Scores inner states by the meta-objective, a mean over label draws.

  Support and query examples pass through the base model as one batch, as in the
  released program.

  Args:
    weights: phi, with a leading axis of tasks.
    episode: `Episode` of `[t, d, b, ...]` arrays.
    config: `UnrollConfig` with the options of the meta-objective.
    activation: Activation of the base model.

  Returns:
    `UnrollMetrics`, each `[t]`.
  """
  per_draw = tuple(
    LayerWeights(*(weight[:, tf.newaxis] for weight in layer))
    for layer in weights
  )
  support_size = episode.support_inputs.shape[-2]
  inputs = tf.concat([episode.support_inputs, episode.query_inputs], axis=-2)
  activations = forward(per_draw, inputs, activation)
  features = activations.features
  if config.scored_layers == "all":
    features = tf.concat(activations.post_activations, axis=-1)
  value = ridge_objective(
    features[..., :support_size, :],
    episode.support_targets,
    features[..., support_size:, :],
    episode.query_targets,
    ridge=config.ridge,
    relative_ridge=config.relative_ridge,
    penalty_in_loss=config.penalty_in_loss,
    normalize_logits=episode.support_targets.shape[-1] > 2,
    extra_support_targets=_given(episode.support_extra_targets),
    extra_query_targets=_given(episode.query_extra_targets),
  )
  parts = (
    value.loss,
    value.query_error,
    value.penalty,
    value.accuracy,
    value.support_accuracy,
  )
  return UnrollMetrics(*(tf.reduce_mean(part, axis=1) for part in parts))


def unroll(
  rule_config: RuleConfig,
  config: UnrollConfig,
  parameters: MetaParameters,
  state: InnerState,
  clock: SlotClock,
  data: TruncationData,
  length: tf.Tensor,
  activation: Activation = "relu",
  inner_optimizer: InnerOptimizerConfig = DEFAULT_INNER_OPTIMIZER,
) -> tuple[InnerState, UnrollMetrics]:
  """Advances all slots by `length` inner steps; a pure function.

  Args:
    rule_config: `RuleConfig` with the sizes of the rule.
    config: `UnrollConfig` with the options of the unroll.
    parameters: `MetaParameters`; gradients flow to them.
    state: `InnerState` of the slots.
    clock: `SlotClock` of the slots, for the schedule of the inner rate.
    data: `TruncationData` for `config.max_steps` steps.
    length: Scalar int32, inner steps, from `evaluate_every` to `max_steps`.
    activation: Activation of the base model.
    inner_optimizer: Configuration of the inner optimizer.

  Returns:
    The next `InnerState`, and `UnrollMetrics`, means over the scored states.

  Raises:
    ValueError: If `state.optimizer_state` belongs to another inner optimizer.
  """
  # The gradient of a loop finds only captured tensors of the same graph.
  state, clock, data = tf.nest.map_structure(tf.identity, (state, clock, data))
  specs = parameter_specs(rule_config)
  zeros = tf.zeros_like(clock.age, dtype=state.weights[0].kernel.dtype)
  optimizer = FunctionalOptimizer(inner_optimizer)
  optimizer_steps, optimizer_state = optimizer_parts(
    optimizer, state.optimizer_state
  )

  def advance(parameters, weights, optimizer_state, step):
    if config.imitation is not None:
      weights, optimizer_state = tf.nest.map_structure(
        tf.stop_gradient, (weights, optimizer_state)
      )
    rates = scheduled_rate(tf.exp(parameters.log_rates), _progress(clock, step))
    inputs = tf.gather(data.batches, step)
    activations = forward(weights, inputs, activation)
    theta = tf.nest.pack_sequence_as(specs, parameters.rule)
    with arithmetic_scope(
      layers="library" if config.without_xla else "products",
      product_dtype=config.product_dtype,
      convolutions=config.convolutions,
    ):
      changes = propose_changes(rule_config, theta, weights, activations)
    error = None
    if config.imitation is not None:
      error = imitation_error(config.imitation, changes, weights, activations)
    return *optimizer.apply(
      weights, changes, optimizer_state, rates, optimizer_steps + step
    ), error

  def scored(weights, error, step):
    index = step // config.evaluate_every
    episode = tf.nest.map_structure(
      lambda stack: tf.gather(stack, index), data.episodes
    )
    metrics = score(weights, episode, config, activation)
    if error is not None:
      metrics = metrics._replace(loss=error)
    return metrics

  def advance_and_score(parameters, weights, optimizer_state, step):
    weights, optimizer_state, error = advance(
      parameters, weights, optimizer_state, step
    )
    if config.evaluate_every == 1:
      return weights, optimizer_state, scored(weights, error, step)
    metrics = tf.cond(
      tf.equal((step + 1) % config.evaluate_every, 0),
      lambda: scored(weights, error, step),
      lambda: UnrollMetrics(*[zeros] * len(UnrollMetrics._fields)),
    )
    return weights, optimizer_state, metrics

  one_step = advance_and_score
  if config.recompute != "never":
    one_step = recomputed(
      advance_and_score, keep_products=config.recompute == "elementwise"
    )

  def body(step, weights, optimizer_state, totals):
    weights, optimizer_state, metrics = one_step(
      parameters, weights, optimizer_state, step
    )
    totals = UnrollMetrics(*map(tf.add, totals, metrics))
    return step + 1, weights, optimizer_state, totals

  _, weights, optimizer_state, totals = tf.while_loop(
    lambda step, *_: step < length,
    body,
    (
      tf.constant(0),
      state.weights,
      optimizer_state,
      UnrollMetrics(*[zeros] * len(UnrollMetrics._fields)),
    ),
    maximum_iterations=config.max_steps,
    # Parallel iterations would take more memory.
    parallel_iterations=1,
  )
  count = tf.cast(length // config.evaluate_every, zeros.dtype)
  metrics = UnrollMetrics(*(total / count for total in totals))
  if optimizer_state:
    optimizer_state = SlotOptimizer(optimizer_steps + length, optimizer_state)
  return InnerState(weights, optimizer_state), metrics


def _progress(clock: SlotClock, step: tf.Tensor) -> tf.Tensor:
  # A slot's last truncation may go beyond its horizon.
  return tf.minimum((clock.age + step) / clock.horizon, 1.0)


def _given(extra_targets: tf.Tensor | tuple[()]) -> tf.Tensor | None:
  return extra_targets if tf.is_tensor(extra_targets) else None
