# SPDX-License-Identifier: Apache-2.0
"""Loads a split of a data set into memory by name."""

from lurl_tf.structures import LabelledExamples
from lurl_tf.tasks.images.image_format import ImageFormat, Resize
from lurl_tf.tasks.sources.data_set_name import DataSetName


def load_examples(
  name: str,
  split: str,
  data_dir: str | None = None,
  image_size: int | None = None,
  channels: int = 1,
  resize: Resize = "area",
) -> LabelledExamples:
  """Loads one split of a classification set: of TFDS, or of a user's own.

  | name | data set |
  |---|---|
  | `mnist`, `imdb_reviews`, ... | any TFDS set of images, texts or vectors |
  | `lurl_digits`, `lurl_glyphs`, `lurl_two_moons` | generated on first use |
  | `folder:path` | images in `path/class/` or `path/train/class/` |
  | `npz:path` | arrays `x` and `y`, or `x_train`, `y_train`, `x_test`, ... |
  | `jsonl:path` | lines `{"text": ..., "label": ...}` |
  | `synthetic:clusters`, `synthetic:decoders` | generated from a seed |

  Nothing is ever downloaded. TFDS sets are read from the folder where they are
  prepared; those of this package are generated in the default folder of TFDS
  (`TFDS_DATA_DIR`), never in `data_dir`. If a user's own files have no test
  split, a fixed fifth of every class is held out.

  Texts become bags of the 1,000 most frequent words of the whole training
  split, whichever split is asked for: 255 if a text holds the word, else 0.

  `DataSetName.parse(name).open(data_dir)` loads several splits and opens the
  data set once.

  Args:
    name: Name from the table; of TFDS: `dataset[/config][:version]`. A folder
      of fonts is given as `lurl_glyphs/fonts_dir=path`.
    split: `"train"`, `"test"`, or a slice such as `"train[:10%]"`; for a
      synthetic family a seed such as `"0"`.
    data_dir: Folder of prepared TFDS sets other than this package's; default:
      the default folder of TFDS.
    image_size: Side to which images are resized, in pixels; by default they
      keep their size, which must then be the same for all.
    channels: 1 for gray images (luminance), 3 for red, green and blue.
    resize: `"area"` averages over areas; `"stride"` keeps every second, third,
      ... row and column, `[::2, ::2]` from 28 to 14 pixels.

  Returns:
    The examples: `inputs` `[b, i]`, `labels` int32 `[b]`. Images and texts are
    uint8; vectors are float32, as stored.

  Raises:
    ValueError: If the set or the split is missing, its contents are damaged or
      hold no classes to learn from, or an option does not apply to them; the
      message names the file or field.
    OSError: If a data set of this package cannot be written to the default
      folder of TFDS.

  Example:

  ```python
  digits = load_examples("lurl_digits", "train")
  mnist = load_examples("mnist", "test", data_dir="data", image_size=14)
  photos = load_examples("folder:photos", "train", image_size=32, channels=3)
  ```
  """
  image_format = ImageFormat(image_size, channels, resize)
  return DataSetName.parse(name).open(data_dir).load(split, image_format)


def holds_images(name: str, data_dir: str | None = None) -> bool:
  """Whether a data set holds images; loads no examples of TFDS sets.

  Args:
    name: As in `load_examples`.
    data_dir: As in `load_examples`.

  Returns:
    True for images; False for texts and vectors.

  Raises:
    ValueError: If there is no such set, or it has no inputs to learn from.

  Example:

  >>> holds_images("folder:/photographs"), holds_images("jsonl:/reviews.jsonl")
  (True, False)
  """
  return DataSetName.parse(name).open(data_dir).holds_images
