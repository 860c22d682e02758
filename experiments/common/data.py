# SPDX-License-Identifier: Apache-2.0
"""Training and test split of a data set, loaded as the flags ask."""

from experiments.common import flags as shared_flags
from experiments.common import rule_flags
from lurl_tf.structures import LabelledExamples
from lurl_tf.tasks import holds_images, load_examples


def load_splits(
  name: str, image_size: int | None = None
) -> tuple[LabelledExamples, LabelledExamples]:
  """Loads both splits with `--data_dir`, `--channels` and `--resize`.

  Args:
    name: Name of the data set, as `--dataset` takes it.
    image_size: Height and width that images are resized to; None keeps the
      stored size.

  Returns:
    The training and the test split.

  Raises:
    OSError: If a file cannot be read.
    ValueError: If the data set does not exist, or an option does not fit it.
  """
  train, test = (
    load_examples(
      name,
      split,
      shared_flags.DATA_DIR.value,
      image_size,
      rule_flags.CHANNELS.value,
      rule_flags.RESIZE.value,
    )
    for split in ("train", "test")
  )
  return train, test


def image_size_for(name: str, own_size: int | None) -> int | None:
  """Returns the image size at which a rule is applied to a data set.

  Args:
    name: Name of the data set, as `--dataset` takes it.
    own_size: Image size that the rule was meta-trained on; None if unknown.

  Returns:
    `--image_size` if it is given, else `own_size`; None for data sets that
    hold no images.
  """
  if not holds_images(name, shared_flags.DATA_DIR.value):
    return None
  return shared_flags.IMAGE_SIZE.value or own_size
