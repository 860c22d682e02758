# SPDX-License-Identifier: Apache-2.0
"""Interface of a data set that can be loaded, whatever it is stored in."""

import abc

from lurl_tf.structures import LabelledExamples
from lurl_tf.tasks.examples import check_class_names, validate_examples
from lurl_tf.tasks.images.image_format import ImageFormat


class DataSet(abc.ABC):
  """A classification set, opened by `DataSetName.open`.

  A subclass per kind of data set implements `holds_images` and `read`. What is
  read from disk is kept, so that several splits open a file once.

  Args:
    name: Name of the data set, for error messages.
  """

  def __init__(self, name: str):
    self.name = name

  @property
  @abc.abstractmethod
  def holds_images(self) -> bool:
    """Whether the inputs are images; False for texts and vectors."""

  @abc.abstractmethod
  def read(self, split: str, image_format: ImageFormat) -> LabelledExamples:
    """Reads one split; `load` also checks it.

    Args:
      split: Split or slice of a split, such as `"train[:10%]"`.
      image_format: Size and channels of the images returned.

    Returns:
      The examples, `inputs` uint8 or float32 `[b, i]`.

    Raises:
      ValueError: If the split is missing or cannot be read.
    """

  def load(
    self, split: str, image_format: ImageFormat | None = None
  ) -> LabelledExamples:
    """Loads one split into memory and checks it.

    Args:
      split: As in `load_examples`.
      image_format: Size and channels of the images returned; default: gray
        images of their stored size.

    Returns:
      The examples, `inputs` uint8 or float32 `[b, i]`.

    Raises:
      ValueError: If the split is missing, cannot be read, or holds no classes
        to learn from.
    """
    examples = self.read(split, image_format or ImageFormat())
    check_class_names(examples.class_names, repr(self.name))
    validate_examples(examples)
    return examples
