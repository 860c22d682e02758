# SPDX-License-Identifier: Apache-2.0
"""Texts as bags of words, so that a rule for images can be tried on them."""

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

  Words are what stands between white space once letters are lower-case (ASCII
  ones only) and punctuation is gone, as Keras has it by default.

  Args:
    texts: of the training split, UTF-8.
    max_words: number of words; of equally frequent ones, those that come last
      in the alphabet are kept.
    origin: where the texts come from, for the error message.

  Returns:
    A Keras layer, for `bags_of_words`.

  Raises:
    ValueError: if there is no word in the texts.
  """
  layer = keras.layers.TextVectorization(
    max_tokens=max_words + 1,  # one is for all words that are not known
    output_mode="multi_hot",
  )
  layer.adapt(tf.data.Dataset.from_tensor_slices(texts).batch(_BATCH_SIZE))
  if layer.vocabulary_size() < 2:
    raise ValueError(
      "There must be words in the texts of the training split. Received: "
      f"{len(texts)} texts without any in {origin}"
    )
  return layer


def bags_of_words(
  texts: Sequence[str | bytes], vocabulary: keras.layers.TextVectorization
) -> np.ndarray:
  """Says which words of the vocabulary are in each text.

  Args:
    texts: UTF-8.
    vocabulary: from `fit_vocabulary`.

  Returns:
    uint8 `[b, words]`, the most frequent word first: 255 if the text holds the
    word, else 0, which scale to 1 and 0. Unknown words leave no trace.

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
