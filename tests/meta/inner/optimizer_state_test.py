# SPDX-License-Identifier: Apache-2.0
"""Tests of meta-training with inner optimizers that keep a state."""

import numpy as np
import pytest
import tensorflow as tf

from lurl_tf.layers import forward
from lurl_tf.meta.inner.optimizer_state import fresh_optimizer, optimizer_parts
from lurl_tf.meta.inner.unroll import unroll
from lurl_tf.meta.inner.unroll_config import UnrollConfig
from lurl_tf.meta.validation import Validation
from lurl_tf.optimizers import FunctionalOptimizer, InnerOptimizerConfig
from tests import tiny_meta

KINDS = {
  "decayed_sgd": InnerOptimizerConfig(),
  "plain_sgd": InnerOptimizerConfig("sgd", momentum=0.0),
  "momentum": InnerOptimizerConfig("sgd"),
  "nesterov": InnerOptimizerConfig("sgd", nesterov=True),
  "adam": InnerOptimizerConfig("adam"),
}
KEEPING = ("momentum", "nesterov", "adam")


@pytest.fixture(autouse=True)
def fixture_eager(request):
  if "compiled" in request.node.name:
    yield
    return
  with tiny_meta.eagerly():
    yield


def make_config(kind, **fields):
  own = {
    "units": (6,),
    "unroll": {"max_steps": 3},
    "min_truncation": 1,
    "min_horizon": 3,
    "max_horizon": 6,
    "inner_learning_rates": (0.02,),
    "inner_optimizer": KINDS[kind],
  }
  return tiny_meta.make_config(**{**own, **fields})


def state_of(trainer):
  """Everything that a run has, save what Python counts."""
  trainer.store()
  variables = tf.nest.flatten(trainer.checkpoint.state.slots)
  return [*tiny_meta.theta_of(trainer), *(each.numpy() for each in variables)]


def rows(structure, mask):
  return [each.numpy()[mask] for each in tf.nest.flatten(structure)]


def check_repeats_and_resumes(config, path, **options):
  first = tiny_meta.make_trainer(config, **options)
  first.train(1)
  first.write_checkpoint(path)
  first.train(1)
  second = tiny_meta.make_trainer(config, **options)
  step = first.groups[0].compiled_step
  second.groups[0].compiled_step = step  # pure: saves a compilation
  second.train(2)
  tiny_meta.assert_all_equal(state_of(second), state_of(first))
  resumed = tiny_meta.make_trainer(config, **options)
  resumed.groups[0].compiled_step = step
  resumed.read_checkpoint(path)
  resumed.train(1)
  tiny_meta.assert_all_equal(state_of(resumed), state_of(first))
  untrained = tiny_meta.make_trainer(config, **options)
  for value, before in zip(
    tiny_meta.theta_of(first), tiny_meta.theta_of(untrained)
  ):
    assert np.isfinite(value).all()
    assert value.ndim < 2 or np.abs(value - before).max() > 0


@pytest.mark.parametrize("kind", ["decayed_sgd", "momentum", "adam"])
def test_a_run_repeats_and_resumes_bit_for_bit(kind, tmp_path):
  config = make_config(kind, learn_inner_rates=True)
  check_repeats_and_resumes(config, str(tmp_path / "after_1"))
  names = tiny_meta.read_checkpoint(tmp_path / "after_1")
  kept = [name for name in names if "/optimizer_state/" in name]
  # One layer of three weights; the count of steps beside them.
  sets = {"momentum": 1, "adam": 2}.get(kind, 0)
  assert len(kept) == (3 * sets + 1 if sets else 0)


@pytest.mark.slow
def test_a_compiled_run_repeats_and_resumes_bit_for_bit(tmp_path):
  """By XLA, which differentiates the loop in its own way."""
  path = str(tmp_path / "after_1")
  check_repeats_and_resumes(make_config("adam"), path)


@pytest.fixture(scope="module", params=KEEPING, name="recorded")
def fixture_recorded(request):
  """Six outer steps of one run, and their calls of the group's step."""
  with tiny_meta.eagerly():
    trainer = tiny_meta.make_recorder(make_config(request.param))
    trainer.train(6)
  return trainer


def test_state_persists_until_the_slot_is_reset(recorded):
  resets = 0
  for before, following in zip(recorded.calls, recorded.calls[1:]):
    state = following.slots.state.optimizer_state
    reset = following.truncation.reset.numpy()
    after = before.result.slots.state.optimizer_state
    tiny_meta.assert_all_equal(state, after)
    was_reset = before.truncation.reset.numpy()
    kept = before.slots.state.optimizer_state.steps
    np.testing.assert_array_equal(
      after.steps, np.where(was_reset, 0, kept) + before.truncation.length
    )
    # Without losses, these are the slots' ages.
    ages = following.truncation.clock.age
    np.testing.assert_array_equal(state.steps[~reset], ages[~reset])
    resets += int(reset.sum())
  assert resets >= 3


def test_state_of_a_reset_slot_does_not_matter_and_of_others_does(recorded):
  parameters, slots, truncation, result = next(
    call
    for call in recorded.calls[1:]
    if 0 < call.truncation.reset.numpy().sum() < 3
  )
  reset, kept = truncation.reset.numpy(), slots.state.optimizer_state
  spoilt = kept._replace(
    state=tf.nest.map_structure(lambda each: each + 0.5, kept.state)
  )
  other = recorded.groups[0]._advance(
    parameters,
    slots._replace(state=slots.state._replace(optimizer_state=spoilt)),
    truncation,
  )
  for mask, same in ((reset, True), (~reset, False)):
    for field in ("weights", "optimizer_state"):
      one, two = (
        rows(getattr(each.slots.state, field), mask) for each in (result, other)
      )
      equal = all(np.array_equal(a, b) for a, b in zip(one, two))
      assert equal == same, (field, same)


def test_a_lost_slot_gets_a_fresh_optimizer():
  trainer = tiny_meta.make_recorder(
    make_config("adam", min_horizon=9, max_horizon=12)
  )
  (group,) = trainer.groups
  step = group.compiled_step

  def spoilt(parameters, slots, truncation):
    if len(group.calls) == 1:
      batches = truncation.data.batches.numpy()
      batches[0, 1, 0, 0] = np.nan
      data = truncation.data._replace(batches=tf.constant(batches))
      truncation = truncation._replace(data=data)
    return step(parameters, slots, truncation)

  group.compiled_step = spoilt
  metrics = [trainer.train(1) for _ in range(3)]
  assert [each.skipped for each in metrics] == [0, 1, 0]
  call = trainer.calls[2]
  # It stays in its phase, but counts its own steps, from zeros.
  assert not call.truncation.reset.numpy()[1]
  assert call.truncation.clock.age[1] > 0
  steps = call.result.slots.state.optimizer_state.steps
  assert steps[1] == call.truncation.length < steps[0]
  for each in tf.nest.flatten(call.result.slots.state):
    assert np.isfinite(each).all()


@pytest.mark.parametrize("recompute", ["never", "always"])
@pytest.mark.parametrize("kind", KINDS)
def test_unroll_equals_a_python_loop(kind, recompute):
  rule = tiny_meta.make_rule(tiny_meta.make_rule_config(dtype="float64"))
  parameters = tiny_meta.make_parameters(rule, (0.05,))
  state, clock, data = tiny_meta.draw_problem(2, 4)
  kept = fresh_optimizer(KINDS[kind], state.weights)
  if kept:
    kept = kept._replace(steps=tf.constant([4, 0]))
  config = UnrollConfig(max_steps=4, evaluate_every=2, recompute=recompute)
  after, _ = unroll(
    rule.config,
    config,
    parameters,
    state._replace(optimizer_state=kept),
    clock,
    data,
    tf.constant(4),
    inner_optimizer=KINDS[kind],
  )
  functional = FunctionalOptimizer(KINDS[kind].to_keras(0.05))
  weights, inner = state.weights, functional.init(state.weights)
  for step in range(4):
    activations = forward(weights, data.batches[step])
    weights, inner = functional.apply(
      weights,
      rule(weights, activations),
      inner,
      0.05,
      tf.constant([4, 0]) + step,
    )
  expected = (weights, inner) if kept else (weights,)
  actual = (
    (after.weights, after.optimizer_state.state) if kept else (after.weights,)
  )
  for one, other in zip(tf.nest.flatten(actual), tf.nest.flatten(expected)):
    np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-12)
  if kept:
    np.testing.assert_array_equal(after.optimizer_state.steps, [8, 4])


def test_validation_uses_the_inner_optimizer():
  scores = []
  for kind in ("plain_sgd", "momentum", "adam"):
    config = make_config(kind)
    samplers = tiny_meta.make_samplers(config, use="meta_validation")
    trainer = tiny_meta.make_trainer(config)
    score = Validation(samplers, config, rounds=1).score(trainer.parameters())
    scores.append(score.loss)
  assert np.isfinite(scores).all()
  assert len(set(scores)) == 3


def test_state_of_another_optimizer_is_refused():
  state, *_ = tiny_meta.draw_problem(2, 1)
  kept = fresh_optimizer(KINDS["momentum"], state.weights)
  for kind, wrong in (("adam", kept), ("adam", ()), ("decayed_sgd", kept)):
    with pytest.raises(ValueError, match=f"{KINDS[kind].name}.*Received"):
      optimizer_parts(FunctionalOptimizer(KINDS[kind]), wrong)
  assert optimizer_parts(FunctionalOptimizer(KINDS["momentum"]), kept) is kept
