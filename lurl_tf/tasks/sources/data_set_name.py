# SPDX-License-Identifier: Apache-2.0
"""Names of data sets: the one place where their grammar is parsed.

| name | kind | data set |
|---|---|---|
| `mnist`, `emnist/letters`, ... | `tfds` | any prepared data set of TFDS |
| `folder:path` | `folder` | images in `path/class/` or `path/train/class/` |
| `npz:path` | `npz` | arrays `x` and `y`, or `x_train`, `y_train`, ... |
| `jsonl:path` | `jsonl` | lines `{"text": ..., "label": ...}` |
| `synthetic:family` | `synthetic` | examples generated from a seed |

To add a kind of data set, write one file with a subclass of `DataSet`, which is
constructed from what follows the colon, and add it to `KINDS` below. Names of
that kind then work in `load_examples`, in task distributions and in flags.
"""

import dataclasses
from collections.abc import Callable

from lurl_tf.tasks.sources.data_set import DataSet
from lurl_tf.tasks.sources.folder_source import FolderDataSet
from lurl_tf.tasks.sources.jsonl_source import JsonlDataSet
from lurl_tf.tasks.sources.npz_source import NpzDataSet
from lurl_tf.tasks.sources.synthetic import SyntheticDataSet
from lurl_tf.tasks.sources.tfds_builders import TfdsName, open_builder
from lurl_tf.tasks.sources.tfds_source import TfdsDataSet

TFDS = "tfds"
SYNTHETIC = "synthetic"

# What precedes the colon, and the data set that is made of what follows it.
KINDS: dict[str, Callable[[str], DataSet]] = {
  "folder": FolderDataSet,
  "npz": NpzDataSet,
  "jsonl": JsonlDataSet,
  SYNTHETIC: SyntheticDataSet,
}


@dataclasses.dataclass(frozen=True)
class DataSetName:
  """A parsed name; `str(name)` is the text again.

  Args:
    kind: Key of `KINDS`, or `"tfds"`.
    path: Path of a folder or file, name of a synthetic family, or
      `dataset[/config][:version][/option=value]` of TFDS.

  Example:

  >>> name = DataSetName.parse("synthetic:clusters")
  >>> name.kind, name.path
  ('synthetic', 'clusters')
  >>> name.open().load("0").image_shape
  (8, 8, 1)
  """

  kind: str
  path: str

  @classmethod
  def parse(cls, text: str) -> "DataSetName":
    """Parses a name; whether there is such a data set is checked by `open`.

    Args:
      text: Name in one of the forms above.

    Returns:
      The parsed name.
    """
    kind, colon, path = text.partition(":")
    return cls(kind, path) if colon and kind in KINDS else cls(TFDS, text)

  def __str__(self) -> str:
    return self.path if self.kind == TFDS else f"{self.kind}:{self.path}"

  @property
  def is_synthetic(self) -> bool:
    """Whether splits are seeds, each of which is a data set of its own."""
    return self.kind == SYNTHETIC

  def open(self, data_dir: str | None = None) -> DataSet:
    """Opens the data set, without loading examples.

    Args:
      data_dir: Folder of prepared TFDS data sets; default: the default folder
        of TFDS. Other kinds, and the data sets of this package, ignore it.

    Returns:
      The data set, with `holds_images` and `load(split, image_format)`.

    Raises:
      ValueError: If the text has none of the forms above, or there is no such
        TFDS data set or synthetic family.
      OSError: If a data set of this package cannot be written to the default
        folder of TFDS.
    """
    if self.kind in KINDS:
      return KINDS[self.kind](self.path)
    if TfdsName.parse(self.path) is None:
      forms = ", ".join(f"'{kind}:...'" for kind in KINDS)
      raise ValueError(
        "`name` must look like 'dataset', 'dataset/config' or "
        f"'dataset/config:1.0.0' of TFDS, or like {forms}. "
        f"Received: name={self.path!r}"
      )
    return TfdsDataSet(open_builder(self.path, data_dir))
