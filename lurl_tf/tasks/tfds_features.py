# SPDX-License-Identifier: Apache-2.0
"""Finds what to learn from among the features of a TFDS data set."""

from typing import Literal, NamedTuple

import numpy as np
import tensorflow_datasets as tfds

Kind = Literal["image", "text", "vector"]


class FeatureKeys(NamedTuple):
  """Which features of a data set are inputs and labels.

  Attributes:
    kind: what the inputs are.
    input: key of the inputs' feature.
    label: key of the labels' feature.
  """

  kind: Kind
  input: str
  label: str


def find_feature_keys(builder: tfds.core.DatasetBuilder) -> FeatureKeys:
  """Finds an input and a label.

  First choice is what TFDS names for supervised learning, then the features
  that are called `image` or `text`, and `label`, then the only ones there are.

  Args:
    builder: of the data set.

  Returns:
    `FeatureKeys`.

  Raises:
    ValueError: if there is no feature, or no single one, to learn from or to
      classify by.
  """
  features = builder.info.features
  if isinstance(features, tfds.features.FeaturesDict):
    kinds = {key: _kind(feature) for key, feature in features.items()}
    inputs = [key for key, kind in kinds.items() if kind]
    labels = [
      key
      for key, feature in features.items()
      if isinstance(feature, tfds.features.ClassLabel)
    ]
    pairs = [
      builder.info.supervised_keys or (),
      ("image", "label"),
      ("text", "label"),
    ]
    if len(inputs) == len(labels) == 1:
      pairs.append((inputs[0], labels[0]))
    for pair in pairs:
      if len(pair) == 2 and pair[0] in inputs and pair[1] in labels:
        return FeatureKeys(kinds[pair[0]], *pair)
  raise ValueError(
    "The data set must have a feature 'image' (uint8, gray or colour), 'text', "
    "or one vector of floats, and a feature 'label' (a class). Received: "
    f"{builder.info.full_name} with features={features}"
  )


def _kind(feature: tfds.features.FeatureConnector) -> Kind | None:
  if isinstance(feature, tfds.features.Image):
    is_usual = feature.np_dtype == np.uint8 and feature.shape[-1] in (1, 3)
    return "image" if is_usual else None
  if isinstance(feature, tfds.features.Text):
    return "text" if feature.shape == () else None
  # Not its subclasses, which mean something else, such as a bounding box.
  if type(feature) is tfds.features.Tensor and len(feature.shape) == 1:
    is_usual = np.issubdtype(feature.np_dtype, np.floating) and feature.shape[0]
    return "vector" if is_usual else None
  return None
