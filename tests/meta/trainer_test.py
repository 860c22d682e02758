# SPDX-License-Identifier: Apache-2.0
"""Tests of the meta-trainer, with functions run eagerly: nothing to compile."""

import dataclasses
import math

import numpy as np
import pytest
import tensorflow as tf

from lurl_tf.meta.trainer import MetaTrainer
from lurl_tf.rule.learned.update_rule import UpdateRule
from lurl_tf.tasks.episodes import TaskSampler
from tests import tiny_meta

pytestmark = pytest.mark.usefixtures("eager")


def make_config(**fields):
  own = {"units": (6,), "unroll": {"max_steps": 3}, "min_truncation": 1}
  return tiny_meta.make_config(**{**own, **fields})


@pytest.fixture(scope="module", name="recorded")
def fixture_recorded():
  """Eight outer steps of one run, and their calls of the replica step."""
  with tiny_meta.eagerly():
    trainer = tiny_meta.make_recorder(make_config(min_horizon=3, max_horizon=5))
    return trainer, [trainer.train(1) for _ in range(8)]


def test_inner_states_persist_until_they_are_reset(recorded):
  trainer, _ = recorded
  resets = 0
  for before, call in zip(trainer.calls, trainer.calls[1:]):
    # The states handed over are those that the last step left behind.
    tiny_meta.assert_all_equal(call.slots, before.result.slots)
    clock, reset = before.truncation.clock, call.truncation.reset.numpy()
    ages = np.where(reset, 0, clock.age + before.truncation.length)
    np.testing.assert_array_equal(call.truncation.clock.age, ages)
    np.testing.assert_array_equal(
      call.truncation.clock.horizon[~reset], clock.horizon[~reset]
    )
    resets += int(np.sum(reset))
  assert resets >= 4
  assert trainer.calls[0].truncation.reset.numpy().all()


def test_stacks_have_one_shape_and_lengths_vary(recorded):
  trainer, _ = recorded
  shapes, lengths = set(), set()
  for call in trainer.calls:
    data = call.truncation.data
    shapes.add(tuple(each.shape for each in tf.nest.flatten(data)))
    lengths.add(int(call.truncation.length))
    assert call.truncation.length.shape == ()
  inputs, targets = (3, 3, 1, 9, 12), (3, 3, 1, 9, 3)
  assert shapes == {((3, 3, 8, 12), inputs, targets, inputs, targets)}
  assert lengths == {1, 2, 3}


def test_data_are_new_for_every_truncation_and_slot(recorded):
  trainer, _ = recorded
  batches = [
    call.truncation.data.batches.numpy()[step, slot].tobytes()
    for call in trainer.calls
    for step in range(3)
    for slot in range(3)
  ]
  assert len(set(batches)) == 8 * 3 * 3
  seeds = {tuple(call.truncation.seed.numpy()) for call in trainer.calls}
  assert len(seeds) == 8


def test_draws_are_keyed_by_slot_generation_and_truncation(monkeypatch):
  keys = {"task": [], "batches": [], "episodes": []}

  def record(name):
    method = getattr(TaskSampler, name)

    def recorded(sampler, *arguments):
      keys[name].append(arguments[-2:])
      return method(sampler, *arguments)

    monkeypatch.setattr(TaskSampler, name, recorded)

  for name in keys:
    record(name)
  trainer = tiny_meta.make_recorder(make_config(min_horizon=2, max_horizon=2))
  trainer.train(2)
  slots = range(3)
  # One truncation is drawn ahead. With these horizons, the first two slots
  # start anew with the second step.
  again = np.where(trainer.calls[1].truncation.reset, 2, 1)
  assert keys["task"][:6] == [
    *((slot, 1) for slot in slots),
    *((slot, again[slot]) for slot in slots),
  ]
  expected = [(slot, truncation) for truncation in (0, 1) for slot in slots]
  assert keys["batches"][:6] == keys["episodes"][:6] == expected


def test_metrics_are_the_replica_steps(recorded):
  trainer, metrics = recorded
  assert trainer.step == 8
  for each, call in zip(metrics, trainer.calls):
    for name in call.result.metrics._fields:
      np.testing.assert_allclose(
        getattr(each, name), getattr(call.result.metrics, name), rtol=1e-6
      )
    norm = tf.norm(call.result.gradient[:-2])  # but for the rates' knots
    np.testing.assert_allclose(each.gradient_norm, norm, rtol=1e-5)
    assert 0 < each.gradient_norm <= trainer.config.slot_clip_norm
    assert each.skipped == each.rollbacks == 0
    np.testing.assert_allclose(each.learning_rate, 3e-3)
    assert 0 <= each.waiting <= 1


def test_the_replica_step_is_pure(recorded):
  trainer, _ = recorded
  (*arguments, result), theta = (
    trainer.calls[3],
    tiny_meta.theta_of(trainer),
  )
  tiny_meta.assert_all_equal(trainer.groups[0]._advance(*arguments), result)
  tiny_meta.assert_all_equal(tiny_meta.theta_of(trainer), theta)


def test_labels_reach_the_objective_only(recorded):
  trainer, _ = recorded
  parameters, slots, truncation, result = trainer.calls[3]
  generator = np.random.default_rng(0)

  def shuffle(targets):
    return tf.gather(targets, generator.permutation(9), axis=-2)

  data = truncation.data
  episodes = data.episodes._replace(
    support_targets=shuffle(data.episodes.support_targets),
    query_targets=shuffle(data.episodes.query_targets),
  )
  other = trainer.groups[0]._advance(
    parameters,
    slots,
    truncation._replace(data=data._replace(episodes=episodes)),
  )
  tiny_meta.assert_all_equal(other.slots, result.slots)
  assert float(other.metrics.loss) > float(result.metrics.loss) + 0.05
  assert np.abs(other.gradient - result.gradient).max() > 1e-4


def test_reset_slots_start_from_fresh_weights_and_others_do_not(recorded):
  trainer, _ = recorded
  parameters, slots, truncation, result = trainer.calls[3]
  reset = truncation.reset.numpy()
  assert 0 < reset.sum() < 3
  other = trainer.groups[0]._advance(
    parameters,
    slots._replace(
      state=tf.nest.map_structure(lambda each: 2 * each, slots.state)
    ),
    truncation,
  )
  for one, two in zip(
    tf.nest.flatten(other.slots.state), tf.nest.flatten(result.slots.state)
  ):
    same = (one.numpy() == two.numpy()).reshape(3, -1).all(axis=1)
    np.testing.assert_array_equal(same, reset)


def test_train_averages_and_reports_every_step():
  trainer, seen = tiny_meta.make_recorder(make_config()), []
  metrics = trainer.train(2, on_step=lambda *each: seen.append(each))
  assert [step for step, _ in seen] == [1, 2]
  for name in metrics._fields:
    np.testing.assert_allclose(
      getattr(metrics, name),
      np.mean([getattr(each, name) for _, each in seen]),
    )
  # Adam's steps are about as long as the learning rate.
  untrained = UpdateRule(trainer.config.rule, seed=trainer.config.seed)
  moved = [
    np.abs(one - other.numpy()).max()
    for one, other in zip(
      tiny_meta.theta_of(trainer), untrained.meta_parameters
    )
  ]
  assert 3e-3 < max(moved) < 6.1e-3


def test_inner_rates_stay_if_they_are_not_learned(recorded):
  trainer, _ = recorded
  np.testing.assert_allclose(
    trainer.inner_learning_rates, [0.2, 0.1], rtol=1e-6
  )


def test_learned_inner_rates_are_clamped():
  """Adam's first step is as long as the learning rate, up or down."""
  trainer = tiny_meta.make_recorder(
    make_config(learn_inner_rates=True, learning_rate=20.0)
  )
  trainer.train(1)
  for rate in trainer.inner_learning_rates:
    assert min(abs(math.log(rate / each)) for each in (1, 1e-6)) < 1e-4


def test_learned_inner_rates_take_part_in_the_next_step():
  trainer = tiny_meta.make_recorder(make_config(learn_inner_rates=True))
  trainer.train(2)
  first, second = (call.parameters[-2:] for call in trainer.calls)
  np.testing.assert_allclose(np.exp(first), [0.2, 0.1], rtol=1e-6)
  np.testing.assert_allclose(np.abs(second - first), 3e-3, rtol=0.1)


def test_a_strategy_of_one_device(recorded):
  trainer, metrics = recorded
  other = tiny_meta.make_trainer(
    trainer.config, strategy=tf.distribute.OneDeviceStrategy("/cpu:0")
  ).train(1)
  assert other._replace(waiting=0) == metrics[0]._replace(waiting=0)


def test_a_rule_of_another_config_is_refused():
  config = make_config()
  rule = UpdateRule(dataclasses.replace(config.rule, hidden_channels=9))
  with pytest.raises(ValueError, match="rule.config=.*hidden_channels=9"):
    MetaTrainer(rule, tiny_meta.make_samplers(config), config)


def test_a_sampler_of_another_config_is_refused():
  config, rule = make_config(), UpdateRule(make_config().rule)
  other = make_config(tasks=tiny_meta.make_tasks((6,), episodes={"draws": 2}))
  with pytest.raises(ValueError, match="sampler.config=.*draws=2"):
    MetaTrainer(rule, tiny_meta.make_samplers(other), config)
  with pytest.raises(ValueError, match="2 samplers, 1 buckets"):
    MetaTrainer(rule, 2 * tiny_meta.make_samplers(config), config)


@pytest.mark.parametrize("use", ["meta_validation", "test"])
def test_data_of_another_use_are_refused(use):
  config = make_config()
  samplers = tiny_meta.make_samplers(config, use=use)
  with pytest.raises(ValueError, match=f"Received: sampler.use='{use}'"):
    MetaTrainer(UpdateRule(config.rule), samplers, config)


def test_a_published_rule_of_another_output_size_is_refused():
  with pytest.raises(ValueError, match="Received: 5 units"):
    tiny_meta.make_trainer(make_config(mixing="published", units=(7, 5)))
  tiny_meta.make_trainer(make_config(mixing="pooled", units=(7, 5)))


@pytest.mark.parametrize("num_steps", [0, -1])
def test_a_number_of_steps_that_is_not_positive_is_refused(num_steps):
  trainer = tiny_meta.make_trainer(make_config())
  with pytest.raises(ValueError, match=f"num_steps={num_steps}"):
    trainer.train(num_steps)
  assert trainer.step == 0


def test_rounded_products_need_a_compiler():
  config = make_config(unroll={"product_dtype": "bfloat16"})
  with pytest.raises(ValueError, match="bfloat16.*jit_compile=False"):
    tiny_meta.make_trainer(config, jit_compile=False)


def test_a_graph_of_rounded_convolutions_trains_all_it_should():
  """Close to one of float32, and another."""

  def two_steps(**unroll):
    config = make_config(mixing="published", unroll=unroll)
    trainer = tiny_meta.make_trainer(config)
    before = trainer.parameters()
    loss = trainer.train(2).loss
    return loss, trainer.parameters() - before

  plain, rounded = (
    two_steps(compiler="graph", product_dtype=dtype)
    for dtype in ("float32", "bfloat16")
  )
  assert plain[0] != rounded[0]
  assert rounded[0] == pytest.approx(plain[0], rel=0.02)
  # Biases that a normalisation cancels stay.
  assert np.mean(rounded[1] != 0) == pytest.approx(np.mean(plain[1] != 0), 0.02)
