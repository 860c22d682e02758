# SPDX-License-Identifier: Apache-2.0
"""`lurl_digits`: scikit-learn's handwritten digits as a TFDS data set."""

from collections.abc import Iterator

import numpy as np
import tensorflow_datasets as tfds

_NUM_CLASSES = 10
_TEST_EXAMPLES_PER_CLASS = 50
_LARGEST_PIXEL = 16  # In the array of scikit-learn.

_DESCRIPTION = """\
The 1,797 handwritten digits that come with scikit-learn, 8 x 8 pixels in 17
shades of gray, scaled to 0..255. They are the test part of "Optical Recognition
of Handwritten Digits" of the UCI Machine Learning Repository. Needs no
download. The test split holds 50 examples of every class.
"""

_CITATION = """\
@misc{alpaydin1998optical,
  author = {Alpaydin, E. and Kaynak, C.},
  title = {Optical Recognition of Handwritten Digits},
  year = {1998},
  howpublished = {UCI Machine Learning Repository},
}
"""


class LurlDigits(tfds.core.GeneratorBasedBuilder):
  """Handwritten digits, 8 x 8: 1,297 for training and 500 for testing.

  Registered as `lurl_digits` when `lurl_tf.tasks` is imported.

  Example:

  ```python
  import lurl_tf.tasks
  import tensorflow_datasets as tfds

  train = tfds.load("lurl_digits", split="train")
  ```
  """

  VERSION = tfds.core.Version("1.0.0")
  RELEASE_NOTES = {"1.0.0": "First release."}

  def _info(self) -> tfds.core.DatasetInfo:
    return tfds.core.DatasetInfo(
      builder=self,
      description=_DESCRIPTION,
      citation=_CITATION,
      homepage="https://archive.ics.uci.edu/dataset/80",
      features=tfds.features.FeaturesDict(
        {
          "image": tfds.features.Image(shape=(8, 8, 1)),
          "label": tfds.features.ClassLabel(num_classes=_NUM_CLASSES),
        }
      ),
      supervised_keys=("image", "label"),
    )

  def _split_generators(self, dl_manager):
    del dl_manager  # There is no download.
    # An import at the top would slow down `import lurl_tf`.
    from sklearn.datasets import load_digits

    pixels, labels = load_digits(return_X_y=True)
    images = np.rint(pixels * (255 / _LARGEST_PIXEL)).astype(np.uint8)
    images = images.reshape(-1, 8, 8, 1)
    test = held_out_rows(labels)
    train = np.setdiff1d(np.arange(len(labels)), test)
    return {
      "train": self._generate_examples(images, labels, train),
      "test": self._generate_examples(images, labels, test),
    }

  def _generate_examples(
    self, images: np.ndarray, labels: np.ndarray, rows: np.ndarray
  ) -> Iterator[tuple[int, dict[str, np.ndarray | int]]]:
    for row in rows:
      yield int(row), {"image": images[row], "label": int(labels[row])}


def held_out_rows(labels: np.ndarray) -> np.ndarray:
  """Chooses the rows of the test split: 50 of every class, evenly spaced.

  The rows are ordered by writer, so that with even spacing both splits have
  about the same writers, without random numbers that a library could change.

  Args:
    labels: Class indices `[b]`.

  Returns:
    Ascending row numbers, int64.
  """
  chosen = []
  for label in range(_NUM_CLASSES):
    rows = np.flatnonzero(labels == label)
    places = np.linspace(0, len(rows) - 1, _TEST_EXAMPLES_PER_CLASS)
    chosen.append(rows[np.rint(places).astype(np.int64)])
  return np.sort(np.concatenate(chosen))
