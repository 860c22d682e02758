# SPDX-License-Identifier: Apache-2.0
"""Tests of Keras optimizers as pure functions."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from lurl_tf.optimizers import (
  DecayedSGD,
  FunctionalOptimizer,
  InnerOptimizerConfig,
)
from lurl_tf.structures import LayerWeights

# Numbers that float32 has exactly: Keras takes its own through float32.
MAKERS = {
  "decayed_sgd": lambda: DecayedSGD(0.125),
  "sgd": lambda: keras.optimizers.SGD(0.125),
  "momentum": lambda: keras.optimizers.SGD(0.125, 0.75),
  "nesterov": lambda: keras.optimizers.SGD(0.125, 0.75, nesterov=True),
  "adam": lambda: keras.optimizers.Adam(0.125, 0.875, 0.96875, 2.0**-10),
  "adam_defaults": lambda: keras.optimizers.Adam(0.125),
}
STEPS = 4


def draw(seed, *lead, dtype="float64"):
  """Weights of two layers, or changes of their shape."""
  generator = np.random.default_rng(seed)

  def tensor(*shape):
    return tf.constant(generator.normal(size=(*lead, *shape)), dtype)

  return tuple(
    LayerWeights(tensor(i, j), tensor(j), tensor(i, j))
    for i, j in ((4, 3), (3, 2))
  )


def slot(structure, task):
  return tf.nest.map_structure(lambda value: value[task], structure)


def assert_close(one, other, **tolerance):
  for first, second in zip(
    tf.nest.flatten(one), tf.nest.flatten(other), strict=True
  ):
    np.testing.assert_allclose(first, second, **tolerance)


@pytest.mark.parametrize(
  ("name", "dtype", "rtol"),
  [
    *((name, "float32", 2e-6) for name in MAKERS),
    *((name, "float64", 1e-12) for name in MAKERS if name != "adam_defaults"),
  ],
)
def test_the_numbers_of_keras(name, dtype, rtol):
  optimizer, weights = MAKERS[name](), draw(0, dtype=dtype)
  functional = FunctionalOptimizer(optimizer)
  variables = [
    keras.Variable(value, dtype=dtype) for value in tf.nest.flatten(weights)
  ]
  state = functional.init(weights)
  for step in range(STEPS):
    changes = draw(step + 1, dtype=dtype)
    optimizer.apply(tf.nest.flatten(changes), variables)
    weights, state = functional.apply(weights, changes, state, 0.125, step)
    actual = np.concatenate([np.ravel(v) for v in tf.nest.flatten(weights)])
    expected = np.concatenate([np.ravel(each) for each in variables])
    np.testing.assert_allclose(actual, expected, rtol=rtol, atol=rtol)
  kept = [each for each in optimizer.variables if each.shape not in ((), [])]
  assert len(tf.nest.flatten(state)) == len(kept)


@pytest.mark.parametrize("name", MAKERS)
def test_tasks_out_of_phase(name):
  """Tasks together, of different rates and numbers of steps, and alone."""
  functional = FunctionalOptimizer(MAKERS[name]())
  tasks, rates = 3, tf.constant([0.1, 0.02, 0.3], tf.float64)
  together = draw(0, tasks)
  state = functional.init(together)
  alone = [(slot(together, t), slot(state, t)) for t in range(tasks)]
  ages = np.array([0, 5, 40])
  for step in range(STEPS):
    changes = draw(step + 1, tasks)
    together, state = functional.apply(
      together, changes, state, rates, tf.constant(ages + step)
    )
    alone = [
      functional.apply(
        *(alone[t][0], slot(changes, t), alone[t][1]),
        rates[t],
        int(ages[t]) + step,
      )
      for t in range(tasks)
    ]
  for t in range(tasks):
    assert_close(slot((together, state), t), alone[t], rtol=1e-12)
  # One rate and count for all is as good.
  rates, counts = tf.fill([tasks], rates[0]), tf.fill([tasks], 3)
  each = functional.apply(together, changes, state, rates, counts)
  at_once = functional.apply(together, changes, state, rates[0], 3)
  assert_close(each, at_once, rtol=1e-12)


@pytest.mark.parametrize("name", MAKERS)
def test_gradients_of_an_unroll(name):
  """Of a loss after several steps, for all changes and the rate."""
  functional = FunctionalOptimizer(MAKERS[name]())
  start, weighting = draw(0), draw(99)
  flat = [
    tf.stack(each)
    for each in zip(*(tf.nest.flatten(draw(step + 1)) for step in range(STEPS)))
  ]
  flat.append(tf.constant(0.1, tf.float64))

  @tf.function(autograph=False)
  def loss(*arguments):
    *stacks, rate = arguments

    def body(step, weights, state):
      changes = tf.nest.pack_sequence_as(
        start, [tf.gather(stack, step) for stack in stacks]
      )
      return step + 1, *functional.apply(weights, changes, state, rate, step)

    _, weights, _ = tf.while_loop(
      lambda step, *_: step < STEPS,
      body,
      (tf.constant(0), start, functional.init(start)),
      maximum_iterations=STEPS,
    )
    return tf.add_n(
      [
        tf.reduce_sum(tf.sin(value * scale))
        for value, scale in zip(
          tf.nest.flatten(weights), tf.nest.flatten(weighting)
        )
      ]
    )

  with tf.GradientTape() as tape:
    tape.watch(flat)
    value = loss(*flat)
  gradients = tape.gradient(value, flat)
  generator = np.random.default_rng(3)
  for _ in range(3):
    direction = [generator.normal(size=each.shape) for each in flat]
    direction[-1] *= 0.1
    actual = sum(np.sum(g * d) for g, d in zip(gradients, direction))
    size = 1e-6
    above, below = (
      loss(*(each + sign * size * d for each, d in zip(flat, direction)))
      for sign in (1, -1)
    )
    expected = (above - below) / (2 * size)
    np.testing.assert_allclose(actual, expected, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_gradient_of_adam_where_all_proposals_are_zero(dtype):
  """Dead units: the derivative is finite, and bounded by 1 / epsilon."""
  config = InnerOptimizerConfig("adam")
  functional = FunctionalOptimizer(config)
  weights, rate = draw(0, dtype=dtype), 0.1
  flat = [tf.zeros([STEPS, *w.shape], dtype) for w in tf.nest.flatten(weights)]

  def unrolled(flat):
    moved, state = weights, functional.init(weights)
    for step in range(STEPS):
      changes = tf.nest.pack_sequence_as(weights, [s[step] for s in flat])
      moved, state = functional.apply(moved, changes, state, rate, step)
    return moved, state

  with tf.GradientTape() as tape:
    tape.watch(flat)
    moved, state = unrolled(flat)
    # The state's own gradient, too, as it is where a loop goes on.
    loss = tf.add_n([tf.reduce_sum(v) for v in tf.nest.flatten((moved, state))])
  gradients = tape.gradient(loss, flat)
  assert_close(moved, weights, rtol=0)
  largest = max(np.abs(gradient).max() for gradient in gradients)
  assert np.isfinite(gradients[0]).all()
  assert 1 < largest < STEPS * rate / config.epsilon
  # Just beside zero it is the same: no cliff.
  flat = [tf.fill(each.shape, tf.constant(1e-12, dtype)) for each in flat]
  with tf.GradientTape() as tape:
    tape.watch(flat)
    moved, state = unrolled(flat)
    loss = tf.add_n([tf.reduce_sum(v) for v in tf.nest.flatten((moved, state))])
  for one, other in zip(tape.gradient(loss, flat), gradients):
    np.testing.assert_allclose(one, other, rtol=1e-4)


@pytest.mark.parametrize("name", ["decayed_sgd", "sgd"])
def test_without_state(name):
  functional, weights = FunctionalOptimizer(MAKERS[name]()), draw(0)
  assert functional.init(weights) == ()
  assert functional.apply(weights, weights, (), 0.1, 0)[1] == ()


@pytest.mark.parametrize(
  ("make", "expected"),
  [
    (lambda: keras.optimizers.RMSprop(), "RMSprop"),
    (lambda: keras.optimizers.AdamW(), "AdamW"),
    (lambda: "adam", "'adam'"),
    (lambda: keras.optimizers.Adam(amsgrad=True), "amsgrad=True"),
    (lambda: keras.optimizers.SGD(weight_decay=0.1), "weight_decay=0.1"),
    (lambda: keras.optimizers.SGD(clipnorm=1.0), "clipnorm=1.0"),
    (lambda: DecayedSGD(clipvalue=1.0), "clipvalue=1.0"),
    (lambda: DecayedSGD(global_clipnorm=1.0), "global_clipnorm=1.0"),
    (lambda: keras.optimizers.Adam(use_ema=True), "use_ema=True"),
    (lambda: DecayedSGD(loss_scale_factor=2.0), "loss_scale_factor=2.0"),
    (
      lambda: keras.optimizers.SGD(gradient_accumulation_steps=2),
      "gradient_accumulation_steps=2",
    ),
    (lambda: keras.optimizers.SGD(momentum=1.0), "momentum=1.0"),
    (lambda: keras.optimizers.Adam(epsilon=0.0), "epsilon=0.0"),
  ],
)
def test_what_is_not_supported_is_refused(make, expected):
  with pytest.raises(ValueError, match=f"Received: .*{expected}"):
    FunctionalOptimizer(make())
