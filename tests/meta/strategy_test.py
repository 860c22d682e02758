# SPDX-License-Identifier: Apache-2.0
"""Tests of strategies by name; what needs other devices is refused here."""

import json

import pytest
import tensorflow as tf

from lurl_tf.meta import strategy as distribution
from lurl_tf.meta.strategy import make_strategy


def test_the_default_is_one_replica():
  strategy = make_strategy()
  assert strategy is tf.distribute.get_strategy()
  assert distribution.local_replicas(strategy) == (0,)
  assert distribution.is_chief(strategy)
  assert not distribution.has_workers(strategy)
  assert not distribution.compiles_replicas(strategy)


@pytest.mark.parametrize(
  ("options", "message"),
  [
    ({"name": "mirror"}, "one of default, mirrored.*name='mirror'"),
    ({"name": "tpu"}, "Received: name='tpu', tpu=''"),
    ({"name": "mirrored", "tpu": "local"}, "tpu='local'"),
    ({"cpu_replicas": 2}, "name='default', cpu_replicas=2"),
    ({"name": "mirrored", "cpu_replicas": 1}, "at least 2"),
  ],
)
def test_what_does_not_fit_together_is_refused(options, message):
  with pytest.raises(ValueError, match=message):
    make_strategy(**options)


@pytest.mark.parametrize(
  "config",
  [
    "",
    "{",
    "[]",
    json.dumps({"cluster": {"worker": ["a:1"]}}),
    json.dumps(
      {
        "cluster": {"worker": ["a:1"]},
        "task": {"type": "worker", "index": 1},
      }
    ),
  ],
)
def test_a_cluster_that_is_not_described_is_refused(config, monkeypatch):
  monkeypatch.setenv("TF_CONFIG", config)
  with pytest.raises(ValueError, match="TF_CONFIG must list the workers"):
    make_strategy("multi_worker")


def test_replicas_are_asked_for_before_all_else():
  tf.constant(0)
  with pytest.raises(ValueError, match="Received: cpu_replicas=9"):
    make_strategy("mirrored", cpu_replicas=9)


def test_values_of_one_replica_are_themselves():
  strategy = make_strategy()
  values = distribution.per_replica(
    strategy, lambda replica: (tf.constant([replica, 5]), ())
  )
  (gathered, empty) = distribution.gather(strategy, values)
  assert (gathered.numpy().tolist(), empty) == ([0, 5], ())
  assert distribution.first_local(strategy, values)[0].numpy().tolist() == [
    0,
    5,
  ]


def test_replicas_on_processors_are_known(monkeypatch):
  strategies = [
    tf.distribute.get_strategy(),
    tf.distribute.OneDeviceStrategy("/cpu:0"),
    tf.distribute.MirroredStrategy(["/cpu:0"]),
  ]
  assert all(map(distribution.runs_on_cpus, strategies))
  assert not distribution.runs_on_cpus(
    tf.distribute.OneDeviceStrategy("/gpu:0")
  )
  monkeypatch.setattr(tf.config, "list_logical_devices", lambda kind: [kind])
  assert not distribution.runs_on_cpus(tf.distribute.get_strategy())
