# SPDX-License-Identifier: Apache-2.0
"""Tests of `lurl_glyphs`, made small by fewer variants."""

import os
import shutil

import numpy as np
import pytest
import tensorflow_datasets as tfds
from sklearn.neighbors import KNeighborsClassifier

from lurl_tf.tasks import GlyphsConfig
from lurl_tf.tasks.built_in import lurl_glyphs
from lurl_tf.tasks.built_in.glyph_fonts import (
  matplotlib_fonts_dir,
  split_by_family,
  usable_fonts,
)


@pytest.fixture(name="few_variants")
def fixture_few_variants(monkeypatch):
  monkeypatch.setattr(lurl_glyphs, "_TRAIN_EXAMPLES_PER_CLASS", 6)


@pytest.fixture(name="fonts_dir")
def fixture_fonts_dir(tmp_path):
  folder = tmp_path / "fonts"
  folder.mkdir()
  for name in ("cmr10.ttf", "cmss10.ttf", "cmtt10.ttf"):
    shutil.copy(os.path.join(matplotlib_fonts_dir(), name), folder)
  return str(folder)


def test_letters_of_held_out_fonts_are_the_test_split(tmp_path, few_variants):
  splits, info = tfds.load(
    "lurl_glyphs", data_dir=tmp_path, batch_size=-1, with_info=True
  )
  assert info.full_name == "lurl_glyphs/letters/1.0.0"
  names = info.features["label"].names
  assert "".join(names) == "ABCDEFGHIJKLMNOPQRSTUVWXYZabdefghnqrt"
  fonts = usable_fonts(matplotlib_fonts_dir(), "".join(names))
  for split, part in zip(("train", "test"), split_by_family(fonts)):
    assert splits[split]["image"].shape == (37 * len(part), 28, 28, 1)
    counts = np.bincount(splits[split]["label"])
    np.testing.assert_array_equal(counts, np.full(37, len(part)))
  inputs = {
    split: part["image"].numpy().reshape(-1, 784) / 255.0
    for split, part in splits.items()
  }
  classifier = KNeighborsClassifier(1)
  classifier.fit(inputs["train"], splits["train"]["label"])
  accuracy = classifier.score(inputs["test"], splits["test"]["label"])
  assert accuracy > 0.35  # of fonts never seen; chance is 0.03


@pytest.mark.slow
def test_published_sizes(tmp_path):
  info = tfds.load("lurl_glyphs", data_dir=tmp_path, with_info=True)[1]
  assert 15_000 <= info.splits["train"].num_examples <= 20_000
  assert info.splits["test"].num_examples >= 5_000
  assert info.dataset_size < 15e6  # bytes


def test_given_fonts_name_the_config(tmp_path, fonts_dir, few_variants):
  def config_name():
    return GlyphsConfig(characters="digits", fonts_dir=fonts_dir).name

  load = {
    "name": "lurl_glyphs/digits",
    "data_dir": tmp_path,
    "batch_size": -1,
    "with_info": True,
    "builder_kwargs": {"fonts_dir": fonts_dir},
  }
  splits, info = tfds.load(**load)
  first_name = config_name()
  assert first_name.startswith("digits_fonts_")
  assert info.config_name == first_name
  assert splits["train"]["image"].shape == (10 * 2 * 3, 28, 28, 1)
  assert splits["test"]["image"].shape == (10 * 1 * 3, 28, 28, 1)
  again = tfds.load(**load | {"data_dir": tmp_path / "again"})[0]
  for split in ("train", "test"):
    for field in ("image", "label"):
      np.testing.assert_array_equal(again[split][field], splits[split][field])

  os.remove(os.path.join(fonts_dir, "cmss10.ttf"))
  splits, info = tfds.load(**load)
  assert info.config_name == config_name() != first_name
  assert splits["train"]["image"].shape == (10 * 1 * 6, 28, 28, 1)


def test_varied_letters_are_the_same_letters_varied(
  tmp_path, fonts_dir, few_variants
):
  def load(config):
    return tfds.load(
      f"lurl_glyphs/{config}",
      split="train",
      data_dir=tmp_path,
      batch_size=-1,
      with_info=True,
      builder_kwargs={"fonts_dir": fonts_dir},
    )

  plain, _ = load("letters")
  varied, info = load("letters_varied")
  assert info.config_name.startswith("letters_varied_fonts_")
  assert varied["image"].shape == plain["image"].shape
  counts = np.bincount(varied["label"])
  np.testing.assert_array_equal(counts, np.bincount(plain["label"]))

  def corners(part):
    return np.median(part["image"][:, ::27, ::27].numpy(), axis=(1, 2, 3))

  assert np.all(corners(plain) < 10)
  inverted = np.mean(corners(varied) > 245)
  assert 0.15 < inverted < 0.35


def test_the_default_config_stays_the_first_and_plain():
  assert list(lurl_glyphs.LurlGlyphs.builder_configs) == [
    "letters",
    "digits",
    "letters_varied",
  ]
  assert [
    config.varied for config in lurl_glyphs.LurlGlyphs.BUILDER_CONFIGS
  ] == [False, False, True]


def test_fonts_can_be_given_in_the_name(tmp_path, fonts_dir):
  builder = tfds.builder(
    f"lurl_glyphs/fonts_dir={fonts_dir}", data_dir=tmp_path
  )
  assert builder.builder_config.name == GlyphsConfig(fonts_dir=fonts_dir).name


def test_bad_config_raises(tmp_path, fonts_dir):
  with pytest.raises(ValueError, match="characters='runes'"):
    GlyphsConfig(characters="runes")
  with pytest.raises(ValueError, match="must be a folder with .ttf"):
    GlyphsConfig(fonts_dir=str(tmp_path / "missing"))
  with pytest.raises(ValueError, match="must be a name"):
    lurl_glyphs.LurlGlyphs(fonts_dir=fonts_dir, config=GlyphsConfig())
  with pytest.raises(ValueError, match="one of .*config='runes'"):
    lurl_glyphs.LurlGlyphs(fonts_dir=fonts_dir, config="runes")
