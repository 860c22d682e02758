# SPDX-License-Identifier: Apache-2.0
"""Which classes a few-shot read-out takes for which others, as a picture."""

from collections.abc import Callable, Sequence

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from sklearn import metrics

from lurl_tf.evaluation.snapshots import Snapshot
from lurl_tf.readouts import predict_ridge_loo
from lurl_tf.structures import LabelledExamples

# With more classes, numbers would not fit into their cells.
_MOST_NUMBERS = 12


def few_shot_confusion(
  support: LabelledExamples,
  query: LabelledExamples,
  features_of: Callable[[np.ndarray], np.ndarray],
) -> np.ndarray:
  """Counts what the read-out `ridge_loo` takes query examples for.

  Args:
    support: labelled examples, on which it is fitted.
    query: others, which it classifies.
    features_of: maps inputs `[b, i]` to features `[b, u]`; support and query
      are one batch, as in the published protocol.

  Returns:
    `[k, k]` counts: a row per class, a column per class it is taken for.
  """
  features = features_of(np.concatenate([support.inputs, query.inputs]))
  if not np.all(np.isfinite(features)):  # As in an evaluation.
    features = np.zeros_like(features)
  num_classes, size = len(support.class_names), len(support.labels)
  predicted = predict_ridge_loo(
    features[:size], support.labels, features[size:], num_classes
  )
  return metrics.confusion_matrix(
    query.labels, predicted, labels=np.arange(num_classes)
  )


def few_shot_picture(
  support: LabelledExamples,
  query: LabelledExamples,
  network: Snapshot,
  activation: str,
) -> np.ndarray:
  """Draws the confusions of a read-out of a base network's features.

  Args:
    support: labelled examples, on which it is fitted.
    query: others, which it classifies.
    network: whose features are read.
    activation: of the base network.

  Returns:
    uint8 `[height, width, 3]`.
  """
  matrix = few_shot_confusion(
    support, query, lambda inputs: network.features(inputs, activation)
  )
  return confusion_picture(matrix, support.class_names)


def confusion_picture(
  matrix: np.ndarray, class_names: Sequence[str]
) -> np.ndarray:
  """Draws each class's shares in %.

  Args:
    matrix: of `few_shot_confusion`.
    class_names: a name per class.

  Returns:
    uint8 `[height, width, 3]`.
  """
  totals = matrix.sum(axis=1, keepdims=True)
  shares = 100 * matrix / np.maximum(totals, 1)
  # TensorBoard has room for 350 dots, and shrinks what is wider.
  side = 2.3 + 0.25 * max(len(class_names), 10)
  figure = Figure(figsize=(side, side), dpi=72, layout="constrained")
  canvas, axes = FigureCanvasAgg(figure), figure.subplots()
  metrics.ConfusionMatrixDisplay(shares, display_labels=class_names).plot(
    ax=axes,
    cmap="Blues",
    include_values=len(class_names) <= _MOST_NUMBERS,
    values_format=".0f",
    xticks_rotation="vertical",
    colorbar=False,
    im_kw={"vmin": 0, "vmax": 100},
    text_kw={"fontsize": "small"},
  )
  accuracy = 100 * np.trace(matrix) / max(matrix.sum(), 1)
  axes.set(
    title=f"shares in %; accuracy {accuracy:.1f} %",
    xlabel="taken for",
    ylabel="class",
  )
  canvas.draw()
  return np.array(canvas.buffer_rgba())[..., :3]
