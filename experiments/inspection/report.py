# SPDX-License-Identifier: Apache-2.0
"""Pictures, tables and JSON of `experiments.inspect_rule`."""

import os
import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from experiments.inspection.findings import Finding
from experiments.inspection.plots import (
  plot_embeddings,
  plot_explained_variance,
  plot_mixture_weights,
  plot_receptive_fields,
)
from experiments.inspection.receptive_fields import receptive_field_grid
from lurl_tf.tables import format_table

_ENOUGH = 0.95


def components_needed(explained: np.ndarray, share: float = _ENOUGH) -> int:
  """Counts the components that explain a share of the variance.

  Args:
    explained: Shares `[u]` of the variance, descending.
    share: Share of the variance to explain.

  Returns:
    Number of components; 0 if the features do not vary.
  """
  if not explained.any():
    return 0
  return int(np.argmax(np.cumsum(explained) >= share - 1e-9)) + 1


def draw(
  folder: str,
  findings: Sequence[Finding],
  weights: dict[str, dict[str, float]],
) -> list[str]:
  """Writes all pictures.

  Args:
    folder: Folder of the pictures.
    findings: Findings of all rules and data sets.
    weights: Coefficients returned by `mixture_weights`, by rule; may be empty.

  Returns:
    Names of the files.
  """
  written = []

  def path(kind, dataset=None):
    name = kind if dataset is None else f"{kind}_{_file_name(dataset)}"
    written.append(f"{name}.png")
    return os.path.join(folder, written[-1])

  explained = {}
  for dataset in dict.fromkeys(each.subject.dataset for each in findings):
    own = [each for each in findings if each.subject.dataset == dataset]
    train = own[0].subject.train
    if len(train.image_shape) == 3:
      grids = {
        each.subject.rule_name: {
          steps: receptive_field_grid(
            snapshot.weights[0].kernel.numpy(), train.image_shape
          )
          for steps, snapshot in each.snapshots.items()
        }
        for each in own
      }
      plot_receptive_fields(path("receptive_fields", dataset), grids)
    plot_embeddings(
      path("embedding", dataset),
      {
        f"{each.subject.rule_name}: {steps} inner steps": (
          each.projections[steps]
        )
        for each in own
        for steps in (0, each.horizon)
      },
      own[0].labels,
      train.class_names,
    )
    explained[dataset] = {
      f"{each.subject.rule_name}: {steps}": projection.explained
      for each in own
      for steps, projection in each.projections.items()
    }
  plot_explained_variance(path("explained_variance"), explained)
  if weights:
    plot_mixture_weights(path("mixture_weights"), weights)
  return written


def as_text(
  findings: Sequence[Finding], weights: dict[str, dict[str, float]]
) -> str:
  """Formats tables of explained variances and of coefficients.

  Args:
    findings: Findings of all rules and data sets.
    weights: Coefficients returned by `mixture_weights`, by rule.

  Returns:
    Lines of the tables.
  """
  rows = [
    (
      each.subject.rule_name,
      each.subject.dataset,
      steps,
      *(f"{100 * share:.1f}" for share in projection.explained[:3]),
      components_needed(projection.explained),
    )
    for each in findings
    for steps, projection in each.projections.items()
  ]
  headers = ("rule", "data set", "inner steps", "PC 1", "PC 2", "PC 3")
  parts = [
    "Share of the features' variance per principal component (PC), in %\n"
    + format_table((*headers, f"PCs for {100 * _ENOUGH:.0f} %"), rows)
  ]
  if weights:
    names = dict.fromkeys(name for each in weights.values() for name in each)
    rows = [
      (
        name,
        *(
          f"{each[name]:+.4f}" if name in each else "-"
          for each in weights.values()
        ),
      )
      for name in names
    ]
    parts.append(
      "Coefficients of the terms of a weight change\n"
      + format_table(("term", *weights), rows)
    )
  return "\n\n".join(parts)


def as_json(
  findings: Sequence[Finding], weights: dict[str, dict[str, float]]
) -> dict[str, Any]:
  """Returns the numbers for `--results`.

  Args:
    findings: Findings of all rules and data sets.
    weights: Coefficients returned by `mixture_weights`, by rule.

  Returns:
    Values that JSON can hold.
  """
  return {
    "mixture_weights": weights,
    "features": [
      {
        "rule": each.subject.rule_name,
        "dataset": each.subject.dataset,
        "units": each.subject.config.units,
        "inner_steps": steps,
        "explained_variance": projection.explained.tolist(),
        "components_for_95_percent": components_needed(projection.explained),
        "labels": each.labels.tolist(),
        "coordinates": np.round(projection.coordinates, 5).tolist(),
      }
      for each in findings
      for steps, projection in each.projections.items()
    ],
  }


def _file_name(dataset: str) -> str:
  return re.sub(r"\W+", "_", dataset).strip("_")
