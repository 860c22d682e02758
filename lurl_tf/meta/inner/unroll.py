# SPDX-License-Identifier: Apache-2.0
"""A truncation: several inner steps, each new state scored, as one loop."""

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


class SlotState(NamedTuple):
  """Inner states of all task slots between truncations.

  Attributes:
    weights: phi, `LayerWeights` of every layer with a leading axis of tasks.
    age: `[t]` int32, inner steps done.
    horizon: `[t]` int32, inner steps after which the slot starts anew.
    optimizer_state: from `fresh_optimizer`.
  """

  weights: tuple[LayerWeights, ...]
  age: tf.Tensor
  horizon: tf.Tensor
  optimizer_state: SlotOptimizer | tuple[()] = ()


class TruncationData(NamedTuple):
  """Everything that the steps of one truncation consume, as stacks.

  Attributes:
    batches: `[s, t, b, i]` unlabelled examples, one batch per step.
    episodes: `Episode` of `[s', t, d, b, i]` and `[s', t, d, b, k]`, for every
      scored state; `d` label draws.
  """

  batches: tf.Tensor
  episodes: Episode


class MetaParameters(NamedTuple):
  """What is meta-learned; each leaf with or without a leading axis of tasks.

  Attributes:
    rule: theta, as a flat tuple.
    log_rates: `[n]` logarithms of the inner learning rate's knots.
  """

  rule: tuple[tf.Tensor, ...]
  log_rates: tf.Tensor


def score(
  weights: Sequence[LayerWeights],
  episode: Episode,
  config: UnrollConfig,
  activation: Activation = "relu",
) -> UnrollMetrics:
  """The meta-objective of inner states, a mean over label draws, `[t]` each.

  Support and query go through the base model as one batch, as in the released
  program.

  Args:
    weights: phi with a leading axis of tasks.
    episode: of `[t, d, b, ...]` arrays.
    config: objective options.
    activation: of the base model.
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
  state: SlotState,
  data: TruncationData,
  length: tf.Tensor,
  activation: Activation = "relu",
  inner_optimizer: InnerOptimizerConfig = DEFAULT_INNER_OPTIMIZER,
) -> tuple[SlotState, UnrollMetrics]:
  """Advances all slots by `length` inner steps; a pure function.

  Args:
    rule_config: the rule's sizes.
    config: how to score, and the bound on `length`.
    parameters: what is meta-learned.
    state: the slots' inner states.
    data: stacks for `config.max_steps` steps.
    length: scalar int32, from `evaluate_every` to `max_steps`.
    activation: of the base model.
    inner_optimizer: makes the next weights of the rule's proposals.

  Returns:
    The slots' next states, and metrics averaged over the scored states.

  Raises:
    ValueError: if `state.optimizer_state` is of another inner optimizer.
  """
  # The loop's gradient finds what it captures only if it is in the graph.
  state, data = tf.nest.map_structure(tf.identity, (state, data))
  specs = parameter_specs(rule_config)
  zeros = tf.zeros_like(state.age, dtype=state.weights[0].kernel.dtype)
  optimizer = FunctionalOptimizer(inner_optimizer)
  optimizer_steps, optimizer_state = optimizer_parts(
    optimizer, state.optimizer_state
  )

  def advance(parameters, weights, optimizer_state, step):
    if config.imitation is not None:
      weights, optimizer_state = tf.nest.map_structure(
        tf.stop_gradient, (weights, optimizer_state)
      )
    rates = scheduled_rate(tf.exp(parameters.log_rates), _progress(state, step))
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
    progress = tf.cast(_progress(state, step + 1), zeros.dtype)
    power = config.late_loss_power
    # A power of 0 must not differentiate 0**0.
    weight = (power + 1) * progress**power if power else tf.ones_like(progress)
    return metrics._replace(loss=weight * metrics.loss)

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
    # Steps ahead of their turn would hold memory.
    parallel_iterations=1,
  )
  count = tf.cast(length // config.evaluate_every, zeros.dtype)
  metrics = UnrollMetrics(*(total / count for total in totals))
  if optimizer_state:
    optimizer_state = SlotOptimizer(optimizer_steps + length, optimizer_state)
  next_state = SlotState(
    weights, state.age + length, state.horizon, optimizer_state
  )
  return next_state, metrics


def _progress(state: SlotState, step: tf.Tensor) -> tf.Tensor:
  # A slot's last truncation may go beyond its horizon.
  return tf.minimum((state.age + step) / state.horizon, 1.0)


def _given(extra_targets: tf.Tensor | tuple[()]) -> tf.Tensor | None:
  return extra_targets if tf.is_tensor(extra_targets) else None
