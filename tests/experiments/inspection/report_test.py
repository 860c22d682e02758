# SPDX-License-Identifier: Apache-2.0
"""Tests that tables, JSON and names of pictures are those of the findings."""

import json

import matplotlib.figure
import numpy as np
import pytest

from experiments.common.results import write_results
from experiments.inspection import report as inspection_report
from tests.experiments.inspection.findings_test import make_finding

WEIGHTS = {
  "early": {"hebbian": 0.25, "current": -1.0},
  "late": {"hebbian": 0.5, "current": 0.0, "V/hebbian": 2.0},
}


@pytest.fixture(name="findings", scope="module")
def fixture_findings():
  return [
    make_finding(),
    make_finding("hebbian"),
    make_finding(dataset="jsonl:/some/texts.jsonl", image_shape=(5,)),
  ]


@pytest.mark.parametrize(
  ("explained", "expected"),
  [
    ([0.9, 0.05, 0.03, 0.02], 2),
    ([0.94, 0.005, 0.055], 3),
    ([1.0, 0.0], 1),
    ([0.0, 0.0], 0),
  ],
)
def test_components_for_most_of_the_variance(explained, expected):
  assert inspection_report.components_needed(np.array(explained)) == expected


def test_tables(findings):
  text = inspection_report.as_text(findings, WEIGHTS)
  lines = [line.split() for line in text.splitlines()]
  shares = 100 * findings[1].projections[4].explained
  (line,) = (line for line in lines if line[:3] == ["hebbian", "tiny", "4"])
  assert line[3:6] == [f"{share:.1f}" for share in shares[:3]]
  assert ["hebbian", "+0.2500", "+0.5000"] in lines
  assert ["V/hebbian", "-", "+2.0000"] in lines


def test_rules_without_coefficients_have_no_table_of_them(findings):
  assert "Coefficients" not in inspection_report.as_text(findings, {})


def test_json(findings, tmp_path):
  path = tmp_path / "results.json"
  write_results(str(path), inspection_report.as_json(findings, WEIGHTS))
  value = json.loads(path.read_text())
  assert value["mixture_weights"] == WEIGHTS
  assert [
    (each["rule"], each["inner_steps"]) for each in value["features"]
  ] == [(rule, n) for rule in ("oja", "hebbian", "oja") for n in (0, 3, 4)]
  last = value["features"][-1]
  projection = findings[-1].projections[4]
  np.testing.assert_allclose(last["explained_variance"], projection.explained)
  np.testing.assert_allclose(
    last["coordinates"], projection.coordinates, atol=1e-5
  )
  assert len(last["labels"]) == len(last["coordinates"])


@pytest.fixture(name="quick_pictures")
def fixture_quick_pictures(monkeypatch):
  """Files of no picture: tests of the plots and of the script draw them."""
  monkeypatch.setattr(
    matplotlib.figure.Figure,
    "savefig",
    lambda figure, file, **options: file.write(b"picture"),
  )


@pytest.mark.usefixtures("quick_pictures")
def test_pictures(findings, tmp_path):
  written = inspection_report.draw(str(tmp_path), findings, WEIGHTS)
  assert written == [
    "receptive_fields_tiny.png",
    "embedding_tiny.png",
    "embedding_jsonl_some_texts_jsonl.png",  # its inputs are no images
    "explained_variance.png",
    "mixture_weights.png",
  ]
  assert {each.name for each in tmp_path.iterdir()} == set(written)


@pytest.mark.usefixtures("quick_pictures")
def test_rules_without_coefficients_have_no_picture_of_them(findings, tmp_path):
  written = inspection_report.draw(str(tmp_path), findings[:1], {})
  assert "mixture_weights.png" not in written
