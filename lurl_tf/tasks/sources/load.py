# SPDX-License-Identifier: Apache-2.0
"""Loads a data set's split into memory, from wherever its name points."""

from lurl_tf.structures import LabelledExamples
from lurl_tf.tasks.examples import check_class_names, validate_examples
from lurl_tf.tasks.images.image_format import ImageFormat, Resize
from lurl_tf.tasks.sources.folder_source import load_folder
from lurl_tf.tasks.sources.jsonl_source import load_jsonl
from lurl_tf.tasks.sources.npz_arrays import read_npz
from lurl_tf.tasks.sources.npz_source import load_npz
from lurl_tf.tasks.sources.synthetic import load_synthetic
from lurl_tf.tasks.sources.tfds_builders import open_builder
from lurl_tf.tasks.sources.tfds_source import find_feature_keys, load_tfds


def load_examples(
  name: str,
  split: str,
  data_dir: str | None = None,
  image_size: int | None = None,
  channels: int = 1,
  resize: Resize = "area",
) -> LabelledExamples:
  """Loads one split of a classification set: of TFDS, or of a user's own.

  | name | is |
  |---|---|
  | `mnist`, `imdb_reviews`, ... | any set of images, texts or vectors of TFDS |
  | `lurl_digits`, `lurl_glyphs`, `lurl_two_moons` | made here on first use |
  | `folder:path` | images in `path/class/` or `path/train/class/` |
  | `npz:path` | arrays `x` and `y`, or `x_train`, `y_train`, `x_test`, ... |
  | `jsonl:path` | lines `{"text": ..., "label": ...}` |
  | `synthetic:clusters`, `synthetic:decoders` | made on the spot, for a seed |

  Nothing is ever downloaded. Sets of TFDS are read from where they are
  prepared; those of this package are made in the default folder of TFDS
  (`TFDS_DATA_DIR`), never in `data_dir`. Where a user's own files come without
  a test split, a fifth of every class is held out, the same one every time.

  Texts become bags of the 1,000 most frequent words of the whole training
  split, whichever split is asked for: 255 where a text holds the word, else 0.

  Args:
    name: see the table; of TFDS: `dataset[/config][:version]`. A folder of
      fonts is given as `lurl_glyphs/fonts_dir=path`.
    split: `"train"`, `"test"`, or a slice such as `"train[:10%]"`; of a
      synthetic family a seed such as `"0"`.
    data_dir: where to look for sets of TFDS that are not this package's own; by
      default the default folder of TFDS.
    image_size: side to which images are resized, in pixels; by default they
      keep their size, which must then be the same for all.
    channels: 1 turns images gray (luminance), 3 into red, green and blue.
    resize: `"area"` averages over areas; `"stride"` keeps every second, third,
      ... row and column, `[::2, ::2]` from 28 to 14 pixels.

  Returns:
    The examples: `inputs` `[b, i]`, `labels` int32 `[b]`. Images and texts are
    uint8; vectors are float32, as they are stored.

  Raises:
    ValueError: if the set or the split is missing, its contents are damaged or
      no classes to learn from, or an option makes no sense for them; names the
      file or field.
    OSError: if an own set cannot be written to the default folder.

  Example:

  ```python
  digits = load_examples("lurl_digits", "train")
  mnist = load_examples("mnist", "test", data_dir="data", image_size=14)
  photos = load_examples("folder:photos", "train", image_size=32, channels=3)
  ```
  """
  image_format = ImageFormat(image_size, channels, resize)
  source, _, path = name.partition(":")
  if source == "folder":
    examples = load_folder(path, split, image_format)
  elif source == "npz":
    examples = load_npz(path, split, image_format)
  elif source == "synthetic":
    examples = load_synthetic(path, split, image_format)
  elif source == "jsonl":
    image_format.check_unused(name, "texts")
    examples = load_jsonl(path, split)
  else:
    builder = open_builder(name, data_dir)
    examples = load_tfds(builder, split, image_format)
  check_class_names(examples.class_names, repr(name))
  validate_examples(examples)
  return examples


def holds_images(name: str, data_dir: str | None = None) -> bool:
  """Whether a data set is one of images, without loading it.

  Args:
    name: as `load_examples` takes it.
    data_dir: as `load_examples` takes it.

  Returns:
    True for images; False for texts and vectors.

  Raises:
    ValueError: if there is no such set, or nothing in it to learn from.

  Example:

  >>> holds_images("folder:/photographs"), holds_images("jsonl:/reviews.jsonl")
  (True, False)
  """
  source, _, path = name.partition(":")
  if source == "npz":
    pairs = read_npz(path).pairs.values()
    return all(pair.inputs.ndim > 2 for pair in pairs)
  if source in ("folder", "synthetic", "jsonl"):
    return source != "jsonl"
  return find_feature_keys(open_builder(name, data_dir)).kind == "image"
