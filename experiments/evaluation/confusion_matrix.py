# SPDX-License-Identifier: Apache-2.0
"""Confusion matrices of few-shot read-outs, and their pictures."""

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
  """Computes the confusion matrix of the read-out `ridge_loo`.

  Args:
    support: Labelled examples that the read-out is fitted on.
    query: Examples that are classified.
    features_of: Function from inputs `[b, i]` to features `[b, u]`. Support and
      query are one batch, as in the published protocol.

  Returns:
    `[k, k]` counts: a row per class, a column per predicted class.
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
  """Draws the confusion matrix of a read-out of a base network.

  Args:
    support: Labelled examples that the read-out is fitted on.
    query: Examples that are classified.
    network: Base network that computes the features.
    activation: Activation of the base network.

  Returns:
    uint8 `[height, width, 3]` picture.
  """
  matrix = few_shot_confusion(
    support, query, lambda inputs: network.features(inputs, activation)
  )
  return confusion_picture(matrix, support.class_names)


def confusion_picture(
  matrix: np.ndarray, class_names: Sequence[str]
) -> np.ndarray:
  """Draws a confusion matrix as percentages of each class.

  Args:
    matrix: Matrix of `few_shot_confusion`.
    class_names: Name of each class.

  Returns:
    uint8 `[height, width, 3]` picture.
  """
  totals = matrix.sum(axis=1, keepdims=True)
  shares = 100 * matrix / np.maximum(totals, 1)
  # TensorBoard shrinks pictures that are wider than 350 pixels.
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
    xlabel="predicted class",
    ylabel="class",
  )
  canvas.draw()
  return np.array(canvas.buffer_rgba())[..., :3]
