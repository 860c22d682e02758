# SPDX-License-Identifier: Apache-2.0
"""Tests of bags of words, against a count in plain Python."""

import collections
import string

import numpy as np
import pytest

from lurl_tf.tasks.sources.bag_of_words import bags_of_words, fit_vocabulary

TEXTS = [
  "The cat sat. The cat ate!",
  "A dog, a DOG and a cat;",
  "don't ... stop",
  "",
]


def words_of(text):
  kept = [each for each in text.lower() if each not in string.punctuation]
  return "".join(kept).split()


def most_frequent(texts, count):
  counts = collections.Counter(
    word for text in texts for word in words_of(text)
  )
  ordered = sorted(counts, key=lambda word: (counts[word], word), reverse=True)
  return ordered[:count]


def expected_bags(texts, vocabulary):
  found = [set(words_of(text)) for text in texts]
  return [[255 * (word in words) for word in vocabulary] for words in found]


@pytest.mark.parametrize("max_words", [3, 1000])
def test_bags_are_those_of_a_plain_count(max_words):
  vocabulary = most_frequent(TEXTS, max_words)
  assert vocabulary[:3] == ["cat", "a", "the"]
  new_texts = [*TEXTS, "The unheard-of horse: A cat, stop"]
  bags = bags_of_words(new_texts, fit_vocabulary(TEXTS, max_words))
  assert bags.dtype == np.uint8
  np.testing.assert_array_equal(bags, expected_bags(new_texts, vocabulary))


def test_there_are_a_thousand_words_at_most():
  rng = np.random.default_rng(0)
  # More texts than one batch; frequent and rare words.
  numbers = (1500 * rng.uniform(size=(1200, 20)) ** 2).astype(int)
  texts = [" ".join(f"w{number}" for number in row) for row in numbers]
  vocabulary = fit_vocabulary(texts)
  bags = bags_of_words(texts, vocabulary)
  assert bags.shape == (1200, 1000)
  expected = expected_bags(texts, most_frequent(texts, 1000))
  np.testing.assert_array_equal(bags, expected)


def test_bytes_are_texts():
  as_bytes = [text.encode() for text in TEXTS]
  bags = bags_of_words(as_bytes, fit_vocabulary(as_bytes))
  expected = bags_of_words(TEXTS, fit_vocabulary(TEXTS))
  np.testing.assert_array_equal(bags, expected)


def test_broken_unicode_is_a_word_like_others():
  texts = [b"caf\xc3\xa9 \xff\xfe cat", b"cat"]
  bags = bags_of_words(texts, fit_vocabulary(texts))
  assert bags.sum(axis=1).tolist() == [3 * 255, 255]


@pytest.mark.parametrize("texts", [[""], ["...", " \n"]])
def test_texts_without_words_raise(texts):
  with pytest.raises(ValueError, match=f"{len(texts)} texts .* in my_set"):
    fit_vocabulary(texts, origin="my_set")
