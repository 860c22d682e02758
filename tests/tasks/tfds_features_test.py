# SPDX-License-Identifier: Apache-2.0
"""Tests of finding inputs and labels among features."""

import types

import numpy as np
import pytest
import tensorflow_datasets as tfds

from lurl_tf.tasks.tfds_features import FeatureKeys, find_feature_keys

IMAGE = tfds.features.Image(shape=(4, 4, 3))
TEXT = tfds.features.Text()
VECTOR = tfds.features.Tensor(shape=(2,), dtype=np.float32)
BOX = tfds.features.BBoxFeature()
LABEL = tfds.features.ClassLabel(num_classes=2)
NUMBER = tfds.features.Scalar(np.int64)


def builder_with(features, supervised_keys=None):
  info = types.SimpleNamespace(
    features=tfds.features.FeaturesDict(features),
    supervised_keys=supervised_keys,
    full_name="my_set/1.0.0",
  )
  return types.SimpleNamespace(info=info)


@pytest.mark.parametrize(
  ("features", "supervised_keys", "expected"),
  [
    ({"image": IMAGE, "label": LABEL}, None, ("image", "image", "label")),
    ({"text": TEXT, "label": LABEL}, None, ("text", "text", "label")),
    (
      {"photo": IMAGE, "name": NUMBER, "kind": LABEL},
      None,
      ("image", "photo", "kind"),
    ),
    ({"sentence": TEXT, "label": LABEL}, None, ("text", "sentence", "label")),
    ({"point": VECTOR, "label": LABEL}, None, ("vector", "point", "label")),
    (
      {"title": TEXT, "body": TEXT, "label": LABEL},
      ("body", "label"),
      ("text", "body", "label"),
    ),
    (
      {"image": IMAGE, "label": LABEL, "coarse_label": LABEL},
      ("image", "coarse_label"),
      ("image", "image", "coarse_label"),
    ),
    (  # what is to be predicted there is no class
      {"image": IMAGE, "label": LABEL, "age": NUMBER},
      ("image", "age"),
      ("image", "image", "label"),
    ),
    (
      {"image": IMAGE, "box": BOX, "text": TEXT, "label": LABEL},
      ("image", "box", "label"),
      ("image", "image", "label"),
    ),
    (
      {"photo": IMAGE, "box": BOX, "label": LABEL},
      ({"photo": "photo"}, "label"),
      ("image", "photo", "label"),
    ),
  ],
)
def test_features_are_found(features, supervised_keys, expected):
  builder = builder_with(features, supervised_keys)
  assert find_feature_keys(builder) == FeatureKeys(*expected)


@pytest.mark.parametrize(
  "features",
  [
    {"image": IMAGE, "label": NUMBER},
    {"text": TEXT},
    {"label": LABEL},
    {"title": TEXT, "body": TEXT, "label": LABEL},
    {"image": IMAGE, "fine": LABEL, "coarse": LABEL},
    {"image": tfds.features.Image(shape=(4, 4, 4)), "label": LABEL},
    {
      "image": tfds.features.Image(shape=(4, 4, 1), dtype=np.uint16),
      "label": LABEL,
    },
    {"point": tfds.features.Tensor(shape=(None,), dtype=np.float32)}
    | {"label": LABEL},
    {"point": tfds.features.Tensor(shape=(2,), dtype=np.int64)}
    | {"label": LABEL},
    {"box": BOX, "label": LABEL},
    {
      "texts": tfds.features.Sequence(TEXT),
      "label": LABEL,
    },
  ],
)
def test_nothing_or_too_much_to_learn_from_raises(features):
  with pytest.raises(ValueError) as caught:
    find_feature_keys(builder_with(features))
  message = str(caught.value)
  assert "must have a feature 'image'" in message
  assert "my_set/1.0.0" in message
  assert all(key in message for key in features)
