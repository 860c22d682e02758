# SPDX-License-Identifier: Apache-2.0
"""`lurl_two_moons`: points on two interlocking half circles, for figures."""

from collections.abc import Iterator

import numpy as np
import tensorflow_datasets as tfds

_NUM_EXAMPLES = {"train": 2000, "test": 1000}
_NOISE = 0.1  # Standard deviation; the half circles have radius 1.
_SEED = 0

_DESCRIPTION = """\
Points of the plane on two interlocking half circles with normal noise, from
scikit-learn's `make_moons`, moved and scaled so that both coordinates fill 0 to
1. Needs no download.
"""


class LurlTwoMoons(tfds.core.GeneratorBasedBuilder):
  """Two classes of points, float32 `[2]`: 2,000 for training, 1,000 for tests.

  Registered as `lurl_two_moons` when `lurl_tf.tasks` is imported. A toy set
  of Metz et al. 2019.

  Example:

  ```python
  import lurl_tf.tasks
  import tensorflow_datasets as tfds

  train = tfds.load("lurl_two_moons", split="train")
  ```
  """

  VERSION = tfds.core.Version("1.0.0")
  RELEASE_NOTES = {"1.0.0": "First release."}

  def _info(self) -> tfds.core.DatasetInfo:
    return tfds.core.DatasetInfo(
      builder=self,
      description=_DESCRIPTION,
      features=tfds.features.FeaturesDict(
        {
          "point": tfds.features.Tensor(shape=(2,), dtype=np.float32),
          "label": tfds.features.ClassLabel(names=["upper", "lower"]),
        }
      ),
      supervised_keys=("point", "label"),
    )

  def _split_generators(self, dl_manager):
    del dl_manager  # There is no download.
    # An import at the top would slow down `import lurl_tf`.
    from sklearn.datasets import make_moons

    points, labels = make_moons(
      sum(_NUM_EXAMPLES.values()), noise=_NOISE, random_state=_SEED
    )
    points -= points.min(axis=0)
    points /= points.max(axis=0)
    points = points.astype(np.float32)
    end = _NUM_EXAMPLES["train"]
    return {
      "train": self._generate_examples(points[:end], labels[:end]),
      "test": self._generate_examples(points[end:], labels[end:]),
    }

  def _generate_examples(
    self, points: np.ndarray, labels: np.ndarray
  ) -> Iterator[tuple[int, dict[str, np.ndarray | int]]]:
    for row, (point, label) in enumerate(zip(points, labels)):
      yield row, {"point": point, "label": int(label)}
