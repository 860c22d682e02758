# SPDX-License-Identifier: Apache-2.0
"""Tests of two replicas: in one process, and in two."""

import json
import os
import socket
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

from lurl_tf.meta.inner.flat_parameters import parameter_mask
from lurl_tf.meta.inner.plain_graphs import plain_graphs
from lurl_tf.meta.slots.group import SlotGroup
from lurl_tf.meta.slots.queue import TruncationQueue
from tests import source_tree, tiny_meta
from tests.meta import replica_run


def start(kind, folder, **environment):
  return subprocess.Popen(
    [sys.executable, "-m", "tests.meta.replica_run", kind, str(folder)],
    cwd=source_tree.ROOT,
    env={**os.environ, "CUDA_VISIBLE_DEVICES": "", **environment},
    stdout=subprocess.PIPE,
    stderr=subprocess.STDOUT,
    text=True,
  )


def finish(processes):
  for process in processes:
    output, _ = process.communicate(timeout=300)
    assert process.returncode == 0, output[-3000:]


def free_ports(count):
  sockets = [socket.socket() for _ in range(count)]
  for each in sockets:
    each.bind(("localhost", 0))
  ports = [each.getsockname()[1] for each in sockets]
  for each in sockets:
    each.close()
  return ports


@pytest.fixture(scope="module", name="saved", params=["mirrored", "worker"])
def fixture_saved(request, tmp_path_factory):
  """What the replicas saved, in the order of their numbers."""
  kind, folder = request.param, tmp_path_factory.mktemp(request.param)
  if kind == "mirrored":
    finish([start(kind, folder)])
    saved = [np.load(folder / "mirrored_0.npz")]
  else:
    workers = [f"localhost:{port}" for port in free_ports(2)]
    finish(
      [
        start(
          kind,
          folder,
          TF_CONFIG=json.dumps(
            {
              "cluster": {"worker": workers},
              "task": {"type": "worker", "index": index},
            }
          ),
        )
        for index in range(2)
      ]
    )
    saved = [np.load(folder / f"worker_{index}.npz") for index in range(2)]
  return kind, folder, saved


@pytest.fixture(scope="module", name="expected_gradient")
def fixture_expected_gradient():
  """The mean of each replica's own gradient, on the same tasks and seeds."""
  config = replica_run.make_config()
  trained = parameter_mask(config.rule, len(config.inner_learning_rates), ["."])
  groups = [
    # Spread over programs as the trainer spreads them: sums round alike.
    SlotGroup(config, index, sampler, trained, 2, False, config.slots)
    for index, sampler in enumerate(tiny_meta.make_samplers(config))
  ]
  drawn = TruncationQueue(groups, (0, 1), 2).take(1)
  parameters = tiny_meta.make_trainer(config).parameters()
  gradients = []
  (group,) = groups
  with plain_graphs():
    for replica in range(2):
      (each,) = drawn.each
      advance = group.advance(parameters, group.new_slots(), each[replica])
      gradients.append(advance.gradient.numpy())
  # They do not learn from the same tasks.
  difference = np.linalg.norm(gradients[0] - gradients[1])
  assert difference > 0.1 * np.linalg.norm(gradients[0])
  return np.mean(gradients, axis=0)


def test_a_steps_gradient_is_the_mean_of_the_replicas(saved, expected_gradient):
  _, _, files = saved
  for file in files:
    # Adam's first mean is a tenth of the first gradient.
    for means in file["means_after_1"]:
      assert np.abs(10 * means - expected_gradient).max() < 1e-6
    np.testing.assert_allclose(
      file["gradient_norm"], np.linalg.norm(expected_gradient), rtol=1e-5
    )


def test_all_replicas_have_equal_parameters_after_twenty_steps(saved):
  _, _, files = saved
  each = np.concatenate([file["parameters"] for file in files])
  assert len(each) == replica_run.REPLICAS
  np.testing.assert_array_equal(each[0], each[1])
  start = tiny_meta.make_trainer(replica_run.make_config()).parameters()
  assert np.abs(each[0] - start).max() > 0.01
  numbers = np.concatenate([file["replicas"] for file in files])
  assert numbers.tolist() == [0, 1]


def test_a_resumed_run_equals_an_uninterrupted_one(saved):
  kind, folder, _ = saved
  expected, actual = (
    tiny_meta.read_checkpoint(folder / f"{kind}_{name}")
    for name in ("after_20", "again_20")
  )
  assert expected.keys() == actual.keys()
  for name, array in expected.items():
    np.testing.assert_array_equal(array, actual[name], err_msg=name)
  # Every replica has slots of its own.
  kernel = expected[
    "state/slots/0/state/weights/0/kernel/.ATTRIBUTES/VARIABLE_VALUE"
  ]
  assert len(kernel) == 2 * 2
  assert np.abs(kernel[:2] - kernel[2:]).max() > 0.1


def test_nothing_is_traced_again(saved):
  for file in saved[2]:
    before, after = file["traces"]
    assert before == after <= 3


def test_a_wish_to_stop_reaches_all_in_the_same_step(saved):
  steps = {int(file["stopped_at"]) for file in saved[2]}
  assert len(steps) == 1 and steps < {2, 3, 4}


@pytest.fixture(scope="module", name="one")
def fixture_one():
  """The first mean of a single replica's Adam."""
  with tiny_meta.eagerly():
    trainer = tiny_meta.make_trainer(replica_run.make_config())
    trainer.train(1)
  return trainer.state.values.outer.learned.means


def test_two_replicas_differ_from_one(saved, one):
  """A single replica takes other steps."""
  two = saved[2][0]["means_after_1"][0]
  assert tf.norm(one - two) > 0.1 * tf.norm(one)
