# SPDX-License-Identifier: Apache-2.0
"""Opens data sets of TFDS: those of this package, and prepared ones."""

import difflib
import os
import re
from typing import NamedTuple

import tensorflow_datasets as tfds

OWN_DATASETS = ("lurl_digits", "lurl_glyphs", "lurl_two_moons")

_NAME = re.compile(
  r"(?P<dataset>\w+)(/(?P<config>[\w+.\-]+))?(:(?P<version>[\d.*]+))?"
  r"(?P<options>/\w+=.+)?"
)


class TfdsName(NamedTuple):
  """A parsed name `dataset[/config][:version][/option=value]`.

  Attributes:
    dataset: Name of the data set.
    config: Name of the config; None for the only or the default one.
    version: Version such as `1.0.0`, which may hold `*`; None for the latest.
    options: Options of the builder, such as `fonts_dir=path`; None for none.
  """

  dataset: str
  config: str | None
  version: str | None
  options: str | None

  @classmethod
  def parse(cls, text: str) -> "TfdsName | None":
    """Parses a name.

    Args:
      text: Name of a data set of TFDS.

    Returns:
      The parts of the name; None if it has another form.
    """
    match = _NAME.fullmatch(text)
    if match is None:
      return None
    options = match["options"]
    return cls(
      match["dataset"],
      match["config"],
      match["version"],
      options and options[1:],
    )


def open_builder(
  name: str, data_dir: str | None = None
) -> tfds.core.DatasetBuilder:
  """Opens a data set by its TFDS name; never downloads anything.

  The sets of this package are generated on first use in the default folder of
  TFDS (`TFDS_DATA_DIR`), never in `data_dir`.

  Args:
    name: Name of the form `dataset[/config][:version][/option=value]`.
    data_dir: Folder of prepared sets that are not this package's own; default:
      the default folder of TFDS.

  Returns:
    Builder of a prepared data set.

  Raises:
    ValueError: If the folder does not hold the set; the message lists similar
      names, and the contents of the folder.
    OSError: If a set of this package cannot be written to the default folder.
  """
  parsed = TfdsName.parse(name)
  if parsed is not None and parsed.dataset in OWN_DATASETS:
    return _own_builder(name, parsed.dataset)
  folder = os.path.expanduser(data_dir) if data_dir else default_data_dir()
  prepared = find_prepared(name, folder, also_known=OWN_DATASETS)
  return tfds.builder_from_directory(prepared.path)


def _own_builder(name: str, dataset: str) -> tfds.core.DatasetBuilder:
  """Returns the builder of a set of this package, prepared if necessary."""
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
    # Two processes may prepare the same set. Each writes to a folder of its own
    # and renames it at the end, which fails for the second process.
    if not os.path.isdir(builder.data_dir):
      raise OSError(
        f"{name!r} is prepared in the default folder of TFDS, which must be "
        "writable; the environment variable TFDS_DATA_DIR sets another. "
        f"Received: TFDS_DATA_DIR={folder!r}, error={error}"
      ) from error
  # A builder looks for prepared files when it is constructed, hence a new one.
  return tfds.builder(name, data_dir=folder)


class PreparedDataset(NamedTuple):
  """A prepared data set in a folder.

  Attributes:
    name: Name `dataset` or `dataset/config`.
    version: Version such as `1.0.0`.
    path: Path of the folder of this version.
  """

  name: str
  version: str
  path: str


def default_data_dir() -> str:
  """Default folder of TFDS: `TFDS_DATA_DIR`, or a folder in the home folder."""
  folder = os.environ.get("TFDS_DATA_DIR") or tfds.core.constants.DATA_DIR
  return os.path.expanduser(folder)


def list_prepared(data_dir: str, dataset: str = "*") -> list[PreparedDataset]:
  """Lists the prepared data sets of a folder.

  Args:
    data_dir: Folder in the layout of TFDS; it need not exist.
    dataset: Name of the data set to list; default: all.

  Returns:
    The data sets, sorted by name, the latest version first.
  """
  root = tfds.core.Path(data_dir)
  found = []
  for pattern in (f"{dataset}/*/features.json", f"{dataset}/*/*/features.json"):
    for file in root.glob(pattern):
      folder = file.parent
      # The name of an unfinished folder is not a version.
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
  """Finds a prepared data set by its TFDS name, without network access.

  Args:
    name: Name of the form `dataset[/config][:version]`; a version may hold `*`.
      The config may be omitted if the folder holds only one; the version
      defaults to the latest.
    data_dir: Folder in the layout of TFDS.
    also_known: Names of data sets kept elsewhere, for the error message.

  Returns:
    The data set.

  Raises:
    ValueError: If the folder does not hold it, or if several configs match; the
      message lists similar names and the contents of the folder.
  """
  parsed = TfdsName.parse(name)
  if parsed is None or parsed.options:
    raise ValueError(
      "`name` must look like 'dataset', 'dataset/config' or "
      f"'dataset/config:1.0.0'. Received: name={name!r}"
    )
  dataset, config, version, _ = parsed
  prepared = list_prepared(data_dir, dataset)
  if config:
    prepared = [i for i in prepared if i.name == f"{dataset}/{config}"]
  if version:
    prepared = [item for item in prepared if _fits(item, version)]
  if not prepared:
    raise ValueError(_not_prepared_message(name, parsed, data_dir, also_known))
  names = sorted({item.name for item in prepared})
  if len(names) > 1:
    raise ValueError(
      f"`name` must include a config: one of {', '.join(names)}. "
      f"Received: name={name!r}"
    )
  return prepared[0]


def _fits(item: PreparedDataset, version: str) -> bool:
  try:
    return tfds.core.Version(item.version).match(version)
  except ValueError:  # The version has another form than 1.0.0.
    return False


def _not_prepared_message(
  name: str, parsed: TfdsName, data_dir: str, also_known: tuple[str, ...]
) -> str:
  dataset, config, _, _ = parsed
  unversioned = f"{dataset}/{config}" if config else dataset
  held = sorted({item.name for item in list_prepared(data_dir)})
  bare_names = {item.partition("/")[0] for item in held}
  known = sorted({*also_known, *held, *bare_names})
  # 0.5 lets "mnist" find "fashion_mnist".
  near = difflib.get_close_matches(unversioned, known, cutoff=0.5)
  if not os.path.isdir(data_dir):
    contents = "does not exist"
  else:
    contents = f"holds {', '.join(held) or 'no data set'}"
  return (
    "`name` must be a data set prepared in the data folder"
    f"{''.join(f', or {known_name}' for known_name in also_known)}. "
    f"Received: name={name!r}. Near names: {', '.join(near) or 'none'}. "
    f"The data folder {data_dir!r} {contents}. Nothing is downloaded here: run "
    f"tfds.builder({name!r}, data_dir={data_dir!r}).download_and_prepare() "
    "where there is a network, or copy the prepared data set to "
    f"{os.path.join(data_dir, dataset)!r}."
  )
