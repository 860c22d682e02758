# SPDX-License-Identifier: Apache-2.0
"""Tests of which fonts are taken, with fonts altered for the purpose."""

import os
import shutil

import pytest

from lurl_tf.tasks.built_in.glyph_fonts import (
  GlyphFont,
  fonts_hash,
  matplotlib_fonts_dir,
  split_by_family,
  usable_fonts,
)

LETTERS = "ABCXYZabd"


def _copy(folder, *names):
  for name in names:
    shutil.copy(os.path.join(matplotlib_fonts_dir(), name), folder)


def _altered(folder, name, alter):
  """Saves DejaVu Sans after `alter(font)`; fontTools comes with matplotlib."""
  fonttools = pytest.importorskip("fontTools.ttLib")
  source = os.path.join(matplotlib_fonts_dir(), "DejaVuSans.ttf")
  font = fonttools.TTFont(source)
  alter(font)
  font.save(folder / name)


def _map_to(character, glyph_name):
  def alter(font):
    for table in font["cmap"].tables:
      if table.isUnicode():
        table.cmap[ord(character)] = glyph_name

  return alter


def _unmap(character):
  def alter(font):
    for table in font["cmap"].tables:
      table.cmap.pop(ord(character), None)

  return alter


def _blank(glyph_name):
  def alter(font):
    font["glyf"][glyph_name] = type(font["glyf"][glyph_name])()

  return alter


def _small_capital(small):
  def alter(font):
    pens = pytest.importorskip("fontTools.pens.ttGlyphPen")
    transforms = pytest.importorskip("fontTools.pens.transformPen")
    pen = pens.TTGlyphPen(None)
    scaled = transforms.TransformPen(pen, (0.7, 0, 0, 0.7, 0, 0))
    font.getGlyphSet()[small.upper()].draw(scaled)
    font["glyf"][small] = pen.glyph()

  return alter


def test_matplotlib_fonts_with_letters_are_taken():
  names = {font.name for font in usable_fonts(matplotlib_fonts_dir(), LETTERS)}
  assert {"DejaVuSans.ttf", "STIXGeneral.ttf", "cmr10.ttf"} <= names
  for left_out in (
    "LastResortHE-Regular.ttf",  # one placeholder box for every letter
    "cmex10.ttf",  # large brackets
    "cmsy10.ttf",  # symbols where small letters belong
    "STIXSizOneSymReg.ttf",  # no letters
    "STIXNonUni.ttf",
    "DejaVuSansDisplay.ttf",
  ):
    assert left_out not in names


@pytest.mark.parametrize(
  "alter",
  [
    _unmap("B"),
    _blank("B"),
    _map_to("B", "Delta"),
    _map_to("b", "Omega"),
    _map_to("C", "B"),
  ],
  ids=["unmapped", "blank", "symbol", "small_symbol", "other_letter"],
)
def test_a_font_with_a_wrong_letter_is_left_out(tmp_path, alter):
  _copy(tmp_path, "cmr10.ttf")
  _altered(tmp_path, "altered.ttf", alter)
  (font,) = usable_fonts(str(tmp_path), LETTERS)
  assert font.name == "cmr10.ttf"
  _altered(tmp_path, "altered.ttf", lambda font: None)
  assert len(usable_fonts(str(tmp_path), LETTERS)) == 2


def test_the_same_drawing_under_two_names_is_left_out(tmp_path):
  def copy_outline(font):
    font["glyf"]["C"] = font["glyf"]["B"]
    font["hmtx"]["C"] = font["hmtx"]["B"]

  _copy(tmp_path, "cmr10.ttf")
  _altered(tmp_path, "altered.ttf", copy_outline)
  (font,) = usable_fonts(str(tmp_path), LETTERS)
  assert font.name == "cmr10.ttf"


def test_small_capitals_are_not_small_letters(tmp_path):
  _altered(tmp_path, "altered.ttf", _small_capital("b"))
  (font,) = usable_fonts(str(tmp_path), LETTERS)
  assert font.characters == "ABCXYZad"


def test_what_is_not_a_font_is_left_out(tmp_path):
  (tmp_path / "sub").mkdir()
  _copy(tmp_path / "sub", "cmr10.ttf")
  (tmp_path / "a.ttf").write_bytes(b"not a font")
  (tmp_path / "a.txt").write_bytes(b"not a font either")
  (font,) = usable_fonts(str(tmp_path), LETTERS)
  assert font == GlyphFont(
    str(tmp_path / "sub" / "cmr10.ttf"), "sub/cmr10.ttf", "cmr10", LETTERS
  )


def test_no_usable_font_raises(tmp_path):
  with pytest.raises(ValueError, match="must be a folder with .ttf"):
    usable_fonts(str(tmp_path / "missing"), LETTERS)
  _copy(tmp_path, "cmsy10.ttf")
  with pytest.raises(ValueError, match="whose 1 font files do not"):
    usable_fonts(str(tmp_path), LETTERS)


def test_hash_follows_names_and_contents(tmp_path):
  _copy(tmp_path, "cmr10.ttf", "cmss10.ttf")
  first = fonts_hash(str(tmp_path))
  assert len(first) == 12
  (tmp_path / "notes.txt").write_text("no font")
  assert fonts_hash(str(tmp_path)) == first
  (tmp_path / "cmr10.ttf").rename(tmp_path / "renamed.ttf")
  renamed = fonts_hash(str(tmp_path))
  with open(tmp_path / "renamed.ttf", "ab") as file:
    file.write(b"\0")
  assert len({first, renamed, fonts_hash(str(tmp_path))}) == 3


def _fonts(*families):
  return tuple(
    GlyphFont(f"{family}-{style}", f"{family}-{style}", family, "AB")
    for family in families
    for style in ("bold", "regular")
  )


@pytest.mark.parametrize(
  ("families", "held_out"),
  [("ab", "b"), ("abc", "c"), ("dcba", "d"), ("abcdefghi", "di")],
)
def test_whole_families_are_held_out(families, held_out):
  fonts = _fonts(*families)
  train, test = split_by_family(fonts)
  assert {font.family for font in test} == set(held_out)
  assert {font.family for font in train} == set(families) - set(held_out)
  assert sorted(train + test) == sorted(fonts)


def test_a_single_family_cannot_be_split():
  with pytest.raises(ValueError, match="two families"):
    split_by_family(_fonts("a"))
