# SPDX-License-Identifier: Apache-2.0
"""Opens data sets of TFDS: those of this package, and prepared ones."""

import os

import tensorflow_datasets as tfds

from lurl_tf.tasks.prepared import default_data_dir, find_prepared

OWN_DATASETS = ("lurl_digits", "lurl_glyphs", "lurl_two_moons")


def open_builder(
  name: str, data_dir: str | None = None
) -> tfds.core.DatasetBuilder:
  """Opens a data set by its TFDS name; never downloads anything.

  The sets of this package are made on first use in the default folder of TFDS
  (`TFDS_DATA_DIR`), never in `data_dir`.

  Args:
    name: `dataset[/config][:version]`.
    data_dir: where to look for sets that are not this package's own; by default
      the default folder of TFDS.

  Returns:
    A builder that has its data.

  Raises:
    ValueError: if the folder does not hold the set; lists near names, and what
      the folder holds.
    OSError: if an own set cannot be written to the default folder.
  """
  dataset = name.partition("/")[0].partition(":")[0]
  if dataset in OWN_DATASETS:
    return _own_builder(name, dataset)
  folder = os.path.expanduser(data_dir) if data_dir else default_data_dir()
  prepared = find_prepared(name, folder, also_known=OWN_DATASETS)
  return tfds.builder_from_directory(prepared.path)


def _own_builder(name: str, dataset: str) -> tfds.core.DatasetBuilder:
  """Returns the builder of an own set, prepared."""
  folder = default_data_dir()
  try:
    builder = tfds.builder(name, data_dir=folder)
  except (AssertionError, TypeError, ValueError) as error:
    cls = tfds.builder_cls(dataset)
    raise ValueError(
      f"`name` must be {dataset!r} with an existing config "
      f"({', '.join(cls.builder_configs) or 'it has none'}) and version "
      f"({cls.VERSION}). Received: name={name!r}, error={error}"
    ) from error
  try:
    builder.download_and_prepare()
  except OSError as error:
    # Two processes may make the same set: each writes to a folder of its own
    # and renames it at the end, which the second cannot.
    if not os.path.isdir(builder.data_dir):
      raise OSError(
        f"{name!r} is made in the default folder of TFDS, which must be "
        "writable; the environment variable TFDS_DATA_DIR chooses another. "
        f"Received: TFDS_DATA_DIR={folder!r}, error={error}"
      ) from error
  # Again, because a builder reads what is prepared when it is constructed.
  return tfds.builder(name, data_dir=folder)
