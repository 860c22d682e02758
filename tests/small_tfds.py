# SPDX-License-Identifier: Apache-2.0
"""Small data sets that tests prepare as a user would, and real ones."""

import os
import pathlib

import pytest
import tensorflow as tf
import tensorflow_datasets as tfds


def store(data_dir, name, features, **splits):
  """Prepares a data set; a split is a dict of columns."""
  features = tfds.features.FeaturesDict(features)
  datasets = {}
  for split, columns in splits.items():
    rows = [dict(zip(columns, values)) for values in zip(*columns.values())]
    datasets[split] = tf.data.Dataset.from_generator(
      rows.__iter__, output_signature=features.get_tensor_spec()
    )
  tfds.dataset_builders.store_as_tfds_dataset(
    name=name,
    version="1.0.0",
    features=features,
    split_datasets=datasets,
    data_dir=str(data_dir),
    disable_shuffling=True,
  )


def shared_dir(name):
  """The folder of real data sets; skips the test where `name` is missing."""
  beside = pathlib.Path(__file__).parents[2] / "shared" / "tfds"
  folder = pathlib.Path(os.environ.get("LURL_DATA_DIR", beside))
  if not (folder / name).is_dir():
    pytest.skip(
      f"needs {name}: set LURL_DATA_DIR to a folder that TFDS prepared"
    )
  return str(folder)
