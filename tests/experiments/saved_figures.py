# SPDX-License-Identifier: Apache-2.0
"""Keeps the figures that are saved, for tests of what is drawn."""

import matplotlib.figure


def keep_saved_figures(monkeypatch):
  """A list that every figure goes into as it is saved.

  Args:
    monkeypatch: of the test.
  """
  saved, savefig = [], matplotlib.figure.Figure.savefig

  def keep(figure, *args, **options):
    saved.append(figure)
    savefig(figure, *args, **options)

  monkeypatch.setattr(matplotlib.figure.Figure, "savefig", keep)
  return saved
