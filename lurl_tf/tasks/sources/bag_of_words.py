# SPDX-License-Identifier: Apache-2.0
"""Texts as bags of words, inputs for rules that were trained on images."""

from collections.abc import Sequence

import keras
import numpy as np
import tensorflow as tf

MAX_WORDS = 1000

_BATCH_SIZE = 512


def fit_vocabulary(
  texts: Sequence[str | bytes],
  max_words: int = MAX_WORDS,
  origin: str = "`texts`",
) -> keras.layers.TextVectorization:
  """Finds the most frequent words.

  Words are separated by white space, after ASCII letters are converted to lower
  case and punctuation is removed: the default of Keras.

  Args:
    texts: Texts of the training split, UTF-8.
    max_words: Number of words; of equally frequent ones, those last in the
      alphabet are kept.
    origin: Source of the texts, for the error message.

  Returns:
    A Keras layer, for `bags_of_words`.

  Raises:
    ValueError: If the texts hold no words.
  """
  layer = keras.layers.TextVectorization(
    max_tokens=max_words + 1,  # One token stands for all other words.
    output_mode="multi_hot",
  )
  layer.adapt(tf.data.Dataset.from_tensor_slices(texts).batch(_BATCH_SIZE))
  if layer.vocabulary_size() < 2:
    raise ValueError(
      "The texts of the training split must hold words. Received: "
      f"{len(texts)} texts without words in {origin}"
    )
  return layer


def bags_of_words(
  texts: Sequence[str | bytes], vocabulary: keras.layers.TextVectorization
) -> np.ndarray:
  """Marks the words of the vocabulary that each text holds.

  Args:
    texts: Texts, UTF-8.
    vocabulary: Layer from `fit_vocabulary`.

  Returns:
    uint8 `[b, words]`, the most frequent word first: 255 if the text holds the
    word, else 0, which scale to 1 and 0. Other words are ignored.

  Example:

  >>> vocabulary = fit_vocabulary(["a dog, a cat", "a dog."])
  >>> bags_of_words(["Dog eats cat"], vocabulary)
  array([[  0, 255, 255]], dtype=uint8)
  """
  bags = np.empty((len(texts), vocabulary.vocabulary_size() - 1), np.uint8)
  for start in range(0, len(texts), _BATCH_SIZE):
    batch = tf.constant(texts[start : start + _BATCH_SIZE])
    found = vocabulary(batch).numpy()
    bags[start : start + len(found)] = 255 * found[:, 1:].astype(np.uint8)
  return bags
