# SPDX-License-Identifier: Apache-2.0
"""Search of a folder for fonts that draw given characters correctly."""

import hashlib
import os
import pathlib
from typing import NamedTuple

import numpy as np

from lurl_tf.tasks.built_in.glyph_rendering import draw_glyph, load_font

_SUFFIXES = (".ttf", ".otf")
_DIGIT_NAMES = (
  "zero one two three four five six seven eight nine".split()  # PostScript
)
_FITTED_SIZE = 16
# Relative difference of two drawings fitted to the same box. In ordinary fonts
# a lower-case letter is at least 0.3 from its capital.
_SAME_DRAWING = 0.1


class GlyphFont(NamedTuple):
  """A font that can be rendered.

  Attributes:
    path: Path of the file.
    name: Path of the file within its folder, with forward slashes.
    family: Name of the family, shared by regular, bold and italic.
    characters: Requested characters that the font draws.
  """

  path: str
  name: str
  family: str
  characters: str


def matplotlib_fonts_dir() -> str:
  """Folder of the TrueType fonts that are part of matplotlib."""
  import matplotlib

  return os.path.join(matplotlib.get_data_path(), "fonts", "ttf")


def fonts_hash(fonts_dir: str) -> str:
  """Hashes names and contents of a folder's fonts.

  Args:
    fonts_dir: Folder, searched with its subfolders.

  Returns:
    Hash of 12 hexadecimal digits.

  Raises:
    ValueError: If the folder does not exist or holds no font files.
  """
  digest = hashlib.sha256()
  for path in _font_files(fonts_dir):
    name = path.relative_to(fonts_dir).as_posix()
    digest.update(f"{name}\0{path.stat().st_size}\0".encode())
    digest.update(path.read_bytes())
  return digest.hexdigest()[:12]


def usable_fonts(fonts_dir: str, characters: str) -> tuple[GlyphFont, ...]:
  """Lists the fonts that draw every one of the characters as itself.

  Fonts are omitted if a character is missing, blank or replaced by another
  symbol, or if two characters look the same, such as a placeholder box. A
  lower-case letter that a font draws as a small capital is not in the font's
  `characters`.

  Args:
    fonts_dir: Folder, searched with its subfolders.
    characters: Letters A to Z, a to z, and digits.

  Returns:
    The fonts, sorted by name.

  Raises:
    ValueError: If the folder does not exist or holds no usable font.
  """
  found = []
  for path in _font_files(fonts_dir):
    try:
      drawn, family = _drawn_characters(str(path), characters)
    except (OSError, RuntimeError):
      continue  # Not a font, or a damaged one.
    if drawn:
      name = path.relative_to(fonts_dir).as_posix()
      found.append(GlyphFont(str(path), name, family, drawn))
  if not found:
    raise ValueError(
      f"`fonts_dir` must hold fonts that draw all of {characters!r}. "
      f"Received: fonts_dir={fonts_dir!r}, whose "
      f"{len(_font_files(fonts_dir))} font files do not."
    )
  return tuple(found)


def split_by_family(
  fonts: tuple[GlyphFont, ...],
) -> tuple[tuple[GlyphFont, ...], tuple[GlyphFont, ...]]:
  """Holds out every fifth family, in alphabetical order, for testing.

  Args:
    fonts: Fonts from `usable_fonts`.

  Returns:
    Training fonts and test fonts. No family is in both.

  Raises:
    ValueError: If the fonts belong to fewer than two families.
  """
  families = sorted({font.family for font in fonts})
  if len(families) < 2:
    raise ValueError(
      "`fonts` must be of two families at least, to hold one out. "
      f"Received: families={families}"
    )
  held_out = set(families[3::5] or families[-1:])
  train = tuple(font for font in fonts if font.family not in held_out)
  test = tuple(font for font in fonts if font.family in held_out)
  return train, test


def _font_files(fonts_dir: str) -> list[pathlib.Path]:
  files = sorted(
    path
    for path in pathlib.Path(fonts_dir).rglob("*")
    if path.suffix.lower() in _SUFFIXES and path.is_file()
  )
  if not files:
    raise ValueError(
      "`fonts_dir` must be a folder with .ttf or .otf files. "
      f"Received: fonts_dir={fonts_dir!r}"
    )
  return files


def _drawn_characters(path: str, characters: str) -> tuple[str, str]:
  """Returns the characters that a font draws (none if unusable), and family."""
  from matplotlib import ft2font

  face = ft2font.FT2Font(path)
  if not all(_is_mapped(face, character) for character in characters):
    return "", face.family_name
  font = load_font(path)
  drawings = {c: draw_glyph(font, c) for c in characters}
  if any(drawing is None for drawing in drawings.values()):
    return "", face.family_name
  for small in filter(str.islower, characters):
    capital = draw_glyph(font, small.upper())
    if capital is not None and _same_drawing(drawings[small], capital):
      del drawings[small]
  distinct = {
    (drawing.size, drawing.tobytes()) for drawing in drawings.values()
  }
  if len(distinct) < len(drawings):
    return "", face.family_name
  return "".join(drawings), face.family_name


def _is_mapped(face, character: str) -> bool:
  """Checks that the font has the character, and no symbol instead."""
  index = face.get_char_index(ord(character))
  if index == 0:
    return False
  glyph_name = face.get_glyph_name(index)
  expected = _DIGIT_NAMES[int(character)] if character.isdigit() else character
  # Names such as "glyph37" or "uni0041" mean nothing; the name "floorleft" of
  # "b" means that the font has symbols in place of letters.
  return glyph_name == expected or not glyph_name.isalpha()


def _same_drawing(first, second) -> bool:
  """Compares two drawings after fitting them to the same box."""
  from PIL import Image

  size = (_FITTED_SIZE, _FITTED_SIZE)
  box = Image.Resampling.BOX
  one = np.asarray(first.resize(size, box), np.float64)
  other = np.asarray(second.resize(size, box), np.float64)
  difference = np.mean(np.abs(one - other))
  return bool(difference < _SAME_DRAWING * max(one.mean(), other.mean()))
