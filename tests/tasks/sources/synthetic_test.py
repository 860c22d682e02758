# SPDX-License-Identifier: Apache-2.0
"""Tests of synthetic families: repeatable, and with something to learn."""

import dataclasses

import numpy as np
import pytest
from sklearn.cluster import MiniBatchKMeans
from sklearn.decomposition import PCA
from sklearn.svm import SVC

from lurl_tf.readouts import ridge_loo
from lurl_tf.tasks.examples import validate_examples
from lurl_tf.tasks.sources.load import load_examples
from lurl_tf.tasks.sources.synthetic import (
  ClustersConfig,
  DecodersConfig,
  clusters,
  decoders,
)

FAMILIES = [(clusters, ClustersConfig), (decoders, DecodersConfig)]
CLASSES = 10  # that accuracies are of
SUPPORT, QUERY = 10, 30  # examples of a class


@pytest.mark.parametrize(("family", "config"), FAMILIES)
def test_examples_are_as_configured(family, config):
  examples = family(
    config(num_classes=4, examples_per_class=30, image_size=9), 3
  )
  validate_examples(examples)
  assert examples.inputs.dtype == np.uint8
  assert examples.inputs.shape == (120, 81)
  assert examples.image_shape == (9, 9, 1)
  assert examples.class_names == ("0", "1", "2", "3")
  np.testing.assert_array_equal(np.bincount(examples.labels), [30] * 4)
  assert 90 < examples.inputs.mean() < 165
  assert examples.inputs.std() > 30


@pytest.mark.parametrize(("family", "config"), FAMILIES)
def test_same_seed_same_examples(family, config):
  config = config(num_classes=3, examples_per_class=20)
  first, again, other = (family(config, seed).inputs for seed in (1, 1, 2))
  np.testing.assert_array_equal(again, first)
  correlation = np.corrcoef(first.ravel(), other.ravel())[0, 1]
  assert abs(correlation) < 0.3


def test_clusters_lie_in_a_subspace():
  config = ClustersConfig(
    num_classes=20,
    signal_dimensions=3,
    nuisance_dimensions=5,
    noise_stddev=0.0,
  )
  examples = clusters(config, 0)
  values = examples.inputs / 255.0
  spectrum = PCA().fit(values).explained_variance_ratio_
  assert spectrum[:8].sum() > 0.99  # the rest are rounding and clipping
  assert spectrum[7] > 10 * spectrum[8]
  means = np.array(
    [values[examples.labels == k].mean(axis=0) for k in range(20)]
  )
  spectrum = PCA().fit(means).explained_variance_ratio_
  assert spectrum[:3].sum() > 0.9  # nuisance has the same mean in all classes


def test_nuisance_is_larger_than_signal_and_hides_it():
  config = ClustersConfig()
  assert config.nuisance_stddev**2 > 1 + config.separation**2
  without = dataclasses.replace(config, nuisance_dimensions=0)
  raw = [_raw_accuracy(clusters(each, 0)) for each in (config, without)]
  assert raw[1] > raw[0] + 0.2


def test_clusters_have_headroom():
  raw, whitened, k_means, best = np.mean(
    [_accuracies(clusters(ClustersConfig(), seed)) for seed in range(3)], axis=0
  )
  assert 0.4 < raw < 0.7
  assert whitened > raw + 0.05
  assert k_means < raw - 0.05
  assert best > raw + 0.25


def test_decoders_have_headroom():
  raw, whitened, k_means, best = np.mean(
    [_accuracies(decoders(DecodersConfig(), seed)) for seed in range(3)], axis=0
  )
  assert 0.65 < raw < 0.9
  assert whitened < raw
  assert k_means > raw + 0.01
  assert best > raw + 0.1


def test_linear_decoders_are_easier():
  gentle = DecodersConfig(gain=1.0)
  raw = [
    _raw_accuracy(decoders(config, 0)) for config in (gentle, DecodersConfig())
  ]
  assert raw[0] > raw[1] + 0.03


@pytest.mark.parametrize(
  ("config", "field", "value"),
  [
    (ClustersConfig, "num_classes", 0),
    (ClustersConfig, "image_size", 8.0),
    (ClustersConfig, "separation", 0.0),
    (ClustersConfig, "nuisance_stddev", float("nan")),
    (ClustersConfig, "noise_stddev", -1.0),
    (ClustersConfig, "nuisance_dimensions", 59),
    (DecodersConfig, "hidden_units", 0),
    (DecodersConfig, "within_class_stddev", -0.1),
    (DecodersConfig, "gain", float("inf")),
  ],
)
def test_bad_numbers_raise(config, field, value):
  with pytest.raises(ValueError, match=f"`{field}`.* must .*{field}={value}"):
    dataclasses.replace(config(), **{field: value})


def _first_classes(examples):
  """Inputs, labels, and the rank of each among those of its class."""
  chosen = examples.labels < CLASSES
  inputs, labels = examples.inputs[chosen] / 255.0, examples.labels[chosen]
  return inputs, labels, np.arange(len(labels)) % (len(labels) // CLASSES)


def _few_shot_accuracy(features, labels, rank):
  support, query = rank < SUPPORT, (SUPPORT <= rank) & (rank < SUPPORT + QUERY)
  return ridge_loo(
    features[support],
    labels[support],
    features[query],
    labels[query],
    CLASSES,
  )


def _raw_accuracy(examples):
  return _few_shot_accuracy(*_first_classes(examples))


def _accuracies(examples):
  """Few-shot accuracies: raw, whitened, k-means; and with many labels."""
  inputs, labels, rank = _first_classes(examples)
  rest = rank >= SUPPORT + QUERY
  query = (SUPPORT <= rank) & ~rest
  whitening = PCA(48, whiten=True).fit(inputs)
  k_means = MiniBatchKMeans(256, n_init=1, random_state=0).fit(inputs)
  distances = k_means.transform(inputs)
  nearness = np.maximum(distances.mean(axis=1, keepdims=True) - distances, 0.0)
  few_shot = [
    _few_shot_accuracy(features, labels, rank)
    for features in (inputs, whitening.transform(inputs), nearness)
  ]
  scaled = inputs / inputs.std()
  many = SVC(C=10).fit(scaled[rest], labels[rest])
  return (*few_shot, many.score(scaled[query], labels[query]))


def test_a_seed_in_place_of_a_split():
  loaded = load_examples("synthetic:clusters", "3")
  np.testing.assert_array_equal(
    loaded.inputs, clusters(ClustersConfig(), seed=3).inputs
  )
  loaded = load_examples("synthetic:decoders", "0", image_size=9)
  np.testing.assert_array_equal(
    loaded.inputs, decoders(DecodersConfig(image_size=9), seed=0).inputs
  )


@pytest.mark.parametrize(
  ("arguments", "message"),
  [
    (("synthetic:cluster", "0"), "synthetic:clusters, synthetic:decoders"),
    (("synthetic:clusters", "train"), "must be a seed.*split='train'"),
    (("synthetic:clusters", "0", None, 8, 3), "channels=3"),
  ],
)
def test_bad_input_is_named(arguments, message):
  with pytest.raises(ValueError, match=message):
    load_examples(*arguments)
