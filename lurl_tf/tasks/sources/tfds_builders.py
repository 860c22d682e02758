# SPDX-License-Identifier: Apache-2.0
"""Opens data sets of TFDS: those of this package, and prepared ones."""

import difflib
import os
import re
from typing import NamedTuple

import tensorflow_datasets as tfds

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


_NAME = re.compile(
  r"(?P<dataset>\w+)(/(?P<config>[\w+.\-]+))?(:(?P<version>[\d.*]+))?"
)


class PreparedDataset(NamedTuple):
  """A data set in a folder.

  Attributes:
    name: `dataset` or `dataset/config`.
    version: as in `1.0.0`.
    path: the folder of this version.
  """

  name: str
  version: str
  path: str


def default_data_dir() -> str:
  """The folder TFDS uses unless told: `TFDS_DATA_DIR`, or one in the home."""
  folder = os.environ.get("TFDS_DATA_DIR") or tfds.core.constants.DATA_DIR
  return os.path.expanduser(folder)


def list_prepared(data_dir: str, dataset: str = "*") -> list[PreparedDataset]:
  """Lists the prepared data sets of a folder.

  Args:
    data_dir: a folder in the layout of TFDS; it need not exist.
    dataset: only the configs and versions of this one; all by default.

  Returns:
    The data sets, ordered by name, and the latest version first.
  """
  root = tfds.core.Path(data_dir)
  found = []
  for pattern in (f"{dataset}/*/features.json", f"{dataset}/*/*/features.json"):
    for file in root.glob(pattern):
      folder = file.parent
      # Unfinished folders have a name that is not a version.
      if not tfds.core.Version.is_valid(folder.name):
        continue
      if (folder / "dataset_info.json").exists():
        name = folder.parent.relative_to(root).as_posix()
        found.append(PreparedDataset(name, folder.name, os.fspath(folder)))
  found.sort(key=lambda item: tfds.core.Version(item.version), reverse=True)
  return sorted(found, key=lambda item: item.name)


def find_prepared(
  name: str, data_dir: str, also_known: tuple[str, ...] = ()
) -> PreparedDataset:
  """Finds a prepared data set by its TFDS name, and never asks the network.

  Args:
    name: `dataset[/config][:version]`; a version may hold `*`. The config may
      be left out where the folder holds one only; the version defaults to the
      latest.
    data_dir: a folder in the layout of TFDS.
    also_known: names that are found elsewhere, for the error message.

  Returns:
    The data set.

  Raises:
    ValueError: if the folder does not hold it, or if several configs fit; the
      message lists near names and what the folder holds.
  """
  match = _NAME.fullmatch(name)
  if not match:
    raise ValueError(
      "`name` must look like 'dataset', 'dataset/config' or "
      "'dataset/config:1.0.0', or for files of one's own like 'folder:path', "
      f"'npz:path' or 'jsonl:path'. Received: name={name!r}"
    )
  prepared = list_prepared(data_dir, match["dataset"])
  if match["config"]:
    full_name = f"{match['dataset']}/{match['config']}"
    prepared = [item for item in prepared if item.name == full_name]
  if match["version"]:
    prepared = [item for item in prepared if _fits(item, match["version"])]
  if not prepared:
    raise ValueError(_not_prepared_message(name, data_dir, also_known))
  names = sorted({item.name for item in prepared})
  if len(names) > 1:
    raise ValueError(
      f"`name` must say which config: one of {', '.join(names)}. "
      f"Received: name={name!r}"
    )
  return prepared[0]


def _fits(item: PreparedDataset, version: str) -> bool:
  try:
    return tfds.core.Version(item.version).match(version)
  except ValueError:  # not of the form 1.0.0
    return False


def _not_prepared_message(
  name: str, data_dir: str, also_known: tuple[str, ...]
) -> str:
  held = sorted({item.name for item in list_prepared(data_dir)})
  bare_names = {item.partition("/")[0] for item in held}
  known = sorted({*also_known, *held, *bare_names})
  # 0.5 lets "mnist" find "fashion_mnist".
  near = difflib.get_close_matches(name.partition(":")[0], known, cutoff=0.5)
  dataset = name.partition("/")[0].partition(":")[0]
  if not os.path.isdir(data_dir):
    contents = "does not exist"
  else:
    contents = f"holds {', '.join(held) or 'no data set'}"
  return (
    "`name` must be a data set that is prepared in the data folder"
    f"{''.join(f', or {known_name}' for known_name in also_known)}. "
    f"Received: name={name!r}. Near names: {', '.join(near) or 'none'}. "
    f"The data folder {data_dir!r} {contents}. Nothing is downloaded here: run "
    f"tfds.builder({name!r}, data_dir={data_dir!r}).download_and_prepare() "
    "where there is a network, or copy the prepared data set to "
    f"{os.path.join(data_dir, dataset)!r}."
  )
