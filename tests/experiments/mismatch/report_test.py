# SPDX-License-Identifier: Apache-2.0
"""Tests of the numbers and tables of the objective mismatch."""

import numpy as np
import pytest

from experiments.mismatch.measures import BothOrders, EpochScores
from experiments.mismatch.report import Mismatch, as_json, as_text, decline
from lurl_tf.evaluation import RANDOM_INIT, EvaluationConfig
from lurl_tf.evaluation.comparison_scores import Score
from lurl_tf.readouts import COMPARED_READOUTS

READOUTS = tuple(COMPARED_READOUTS)
CONFIG = EvaluationConfig(
  units=(6, 3), initial_weights=4, label_draws=3, examples_per_class=2
)


def make_scores(accuracies, method="vae", num_diverged=0):
  """The same accuracies for every read-out; other ones for all layers."""
  return tuple(
    Score(
      method,
      2,
      layers,
      readout,
      accuracies - (layers == "all"),
      3,
      1.0,
      num_diverged,
    )
    for layers in ("last", "all")
    for readout in READOUTS
  )


def make_epochs(accuracies, losses):
  """Of `[e, t, d]` and `[e, t]`."""
  return [
    EpochScores(number, own_losses, make_scores(own))
    for number, (own, own_losses) in enumerate(zip(accuracies, losses), 1)
  ]


def falling(epochs=6):
  """Accuracy is best after epoch 3; the loss falls all the time."""
  rng = np.random.default_rng(0)
  trend = np.array([0.4, 0.5, 0.6, 0.55, 0.5, 0.45, 0.4, 0.35])[:epochs]
  weights = rng.normal(0, 0.01, [1, 4, 1])
  accuracies = trend[:, None, None] + weights + rng.normal(0, 1e-3, [1, 4, 3])
  losses = 9.0 - np.arange(epochs)[:, None] + rng.normal(0, 0.1, [epochs, 4])
  return make_epochs(accuracies, losses)


def make_mismatch():
  methods = [
    BothOrders(
      name,
      make_scores(np.full([4, 3], own), name),
      make_scores(
        np.full([4, 3], permuted), name, num_diverged=5 * (own > 0.7)
      ),
    )
    for name, own, permuted in (
      (RANDOM_INIT, 0.5, 0.5),
      ("protonets", 0.75, 0.25),
    )
  ]
  return Mismatch("digits", "letters", CONFIG, falling(), methods)


def test_from_the_best_epoch_to_the_last():
  epochs = falling()
  found = decline(epochs)
  np.testing.assert_array_equal(found.epochs, [3, 3, 3, 3])
  np.testing.assert_allclose(found.accuracy.difference, -0.15, atol=1e-9)
  expected = np.mean(epochs[-1].losses - epochs[2].losses)
  np.testing.assert_allclose(found.loss.difference, expected)
  assert found.accuracy.interval[1] < 0 and found.loss.interval[1] < 0


def test_the_best_epoch_is_chosen_by_the_other_initial_weights():
  accuracies = np.array([[0.9, 0.1, 0.2], [0.3, 0.5, 0.4], [0.0, 0.0, 0.0]])
  found = decline(make_epochs(accuracies[..., None], np.zeros([3, 3])))
  # Sums of the others: .3, 1.1, 1.0 of epoch 1; .9, .7, .8 of epoch 2.
  np.testing.assert_array_equal(found.epochs, [2, 1, 1])
  np.testing.assert_allclose(
    found.accuracy.difference, -(0.3 + 0.1 + 0.2) / 3, atol=1e-12
  )


def test_chance_alone_is_no_decline():
  rng = np.random.default_rng(0)
  found, naive = [], []
  for _ in range(30):
    accuracies = rng.uniform(size=[10, 4, 2])
    found.append(
      decline(make_epochs(accuracies, np.zeros([10, 4]))).accuracy.difference
    )
    means = accuracies.mean(axis=(1, 2))
    naive.append(means[-1] - means.max())
  error = np.std(found) / np.sqrt(30)
  assert abs(np.mean(found)) < 3 * error
  assert np.mean(naive) < -6 * error


@pytest.mark.parametrize(("epochs", "weights"), [(1, 4), (3, 1)])
def test_nothing_is_said_of_too_few(epochs, weights):
  few = make_epochs(
    np.full([epochs, weights, 2], 0.5), np.ones([epochs, weights])
  )
  assert decline(few) is None
  mismatch = Mismatch("digits", "letters", CONFIG, few)
  assert "needs at least two epochs and two initial weights" in as_text(
    mismatch
  )
  assert as_json(mismatch)["declines"] == {}


def test_tables():
  text = as_text(make_mismatch())
  lines = [line.split() for line in text.splitlines()]
  declines = [line for line in lines if line[-1:] == ["yes"]]
  assert [line[0] for line in declines] == list(READOUTS)
  assert declines[0][1:6] == ["3,", "3,", "3,", "3", "-15.0"]
  (epoch,) = (line for line in lines if line[:1] == ["3"])
  assert len(epoch) == 2 + 3 * len(READOUTS)
  mean = 100 * falling()[2].scores[0].accuracies.mean()
  assert epoch[2] == f"{mean:.1f}"
  cells = [
    line.split() for line in text.splitlines() if line.startswith("protonets ")
  ]
  assert [each[1] for each in cells] == ["ridge_loo", "nearest_mean"]
  assert cells[0][2:8] == ["75.0", "+-", "0.0", "25.0", "+-", "0.0"]
  assert cells[0][8:] == ["-50.0", "[-50.0,", "-50.0]"]
  assert "permuted inputs: features were not finite in 5 of 12" in text


def test_long_trainings_are_told_in_a_few_lines():
  accuracies = np.linspace(0, 1, 200)[:, None, None] * np.ones([1, 2, 2])
  losses = np.abs(np.arange(200) - 70.0)[:, None] * np.ones([1, 2])
  text = as_text(
    Mismatch("digits", "letters", CONFIG, make_epochs(accuracies, losses))
  )
  table = text.split("\n\n")[1].splitlines()[2:]
  numbers = [int(line.split()[0]) for line in table]
  assert numbers[0] == 1 and numbers[-1] == 200 and 71 in numbers
  assert numbers == sorted(set(numbers)) and len(numbers) <= 14


def test_without_methods_there_is_no_second_table():
  mismatch = make_mismatch()
  del mismatch.methods[1:]
  assert "Prototypical" not in as_text(mismatch)


def test_json_holds_every_number():
  mismatch = make_mismatch()
  value = as_json(mismatch)
  assert [each["epoch"] for each in value["training"]] == [1, 2, 3, 4, 5, 6]
  for own, epoch in zip(value["training"], mismatch.epochs):
    np.testing.assert_array_equal(own["losses"], epoch.losses)
    assert len(own["scores"]) == 2 * len(READOUTS)
  assert value["declines"]["nearest_mean"]["best_epochs"] == [3, 3, 3, 3]
  protonets = value["permutation"][1]
  assert protonets["own_order"][0]["accuracy_mean"] == 0.75
  change = protonets["permuted_less_own_order"]["nearest_mean"]
  assert change["difference"] == -0.5
