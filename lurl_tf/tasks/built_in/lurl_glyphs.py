# SPDX-License-Identifier: Apache-2.0
"""`lurl_glyphs`: letters rendered from fonts as a TFDS data set."""

import dataclasses
import zlib
from collections.abc import Iterator
from typing import Any

import tensorflow_datasets as tfds

from lurl_tf.tasks.built_in import glyph_fonts, glyph_rendering, glyph_variation

# Capitals, and those small letters that differ from them in shape: the letter
# classes of EMNIST-balanced (Cohen et al. 2017).
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabdefghnqrt"
DIGITS = "0123456789"
_CHARACTERS = {"letters": LETTERS, "digits": DIGITS}

_IMAGE_SIZE = 28
_TRAIN_EXAMPLES_PER_CLASS = 500

_DESCRIPTION = """\
Characters rendered from fonts in white on black, 28 x 28 pixels, each in seeded
variants of size, rotation, shear, place, stroke thickness and blur. Every fifth
family of fonts is held out for the test split. Needs no download: the default
fonts are those that matplotlib carries.
"""


@dataclasses.dataclass(eq=False)
class GlyphsConfig(tfds.core.BuilderConfig):
  """Characters and fonts of the data set.

  The name is derived from the other fields. With a folder of fonts it contains
  a hash of their contents, so that changed fonts give another data set.

  Args:
    characters: `"letters"` (37 classes) or `"digits"` (10 classes).
    fonts_dir: Folder with .ttf or .otf files, searched with its subfolders;
      empty for the fonts of matplotlib.
    varied: Whether images also vary in stroke, elastic deformation, clutter
      and inversion, see `glyph_variation`.

  Raises:
    ValueError: If `characters` is unknown, or the folder holds no font files.
  """

  name: str = dataclasses.field(default="", init=False)
  characters: str = "letters"
  fonts_dir: str = ""
  varied: bool = False

  def __post_init__(self):
    if self.characters not in _CHARACTERS:
      raise ValueError(
        f"`characters` must be one of {tuple(_CHARACTERS)}. "
        f"Received: characters={self.characters!r}"
      )
    self.name = self.characters
    self.description = f"{self.characters} in the fonts of matplotlib"
    if self.varied:
      self.name += "_varied"
    if self.fonts_dir:
      self.name += f"_fonts_{glyph_fonts.fonts_hash(self.fonts_dir)}"
      self.description = f"{self.characters} in a given folder of fonts"
    if self.varied:
      self.description += ", with other strokes, deformed, cluttered, inverted"


class LurlGlyphs(tfds.core.GeneratorBasedBuilder):
  """Rendered letters, 28 x 28, in 37 classes; digits on request.

  Registered as `lurl_glyphs` when `lurl_tf.tasks` is imported, with the configs
  `letters` (the default), `digits`, and `letters_varied`: harder, with other
  strokes, elastic deformations, clutter, and a quarter black on white.

  Args:
    fonts_dir: Folder of fonts to render instead of matplotlib's.
    config: Name of a config, or a `GlyphsConfig`.
    **kwargs: Arguments of `tfds.core.GeneratorBasedBuilder`, such as `data_dir`
      and `version`.

  Raises:
    ValueError: If the config does not exist, or the folder holds no fonts.

  Example:

  ```python
  import lurl_tf.tasks
  import tensorflow_datasets as tfds

  train = tfds.load("lurl_glyphs", split="train")
  digits = tfds.load("lurl_glyphs/digits", split="train")
  mine = tfds.load(
    "lurl_glyphs", split="train", builder_kwargs={"fonts_dir": "my_fonts"}
  )
  ```
  """

  # A change of rendering needs a new version: prepared files are kept.
  VERSION = tfds.core.Version("1.0.0")
  RELEASE_NOTES = {"1.0.0": "First release."}
  BUILDER_CONFIGS = [
    GlyphsConfig(characters="letters"),
    GlyphsConfig(characters="digits"),
    GlyphsConfig(characters="letters", varied=True),
  ]

  def __init__(
    self,
    *,
    fonts_dir: str | None = None,
    config: str | GlyphsConfig | None = None,
    **kwargs: Any,
  ):
    if fonts_dir:
      if isinstance(config, GlyphsConfig):
        raise ValueError(
          "`config` must be a name when `fonts_dir` is given. "
          f"Received: config={config!r}"
        )
      named = self.builder_configs.get(config or "letters")
      if named is None:
        raise ValueError(
          f"`config` must be one of {tuple(self.builder_configs)}. "
          f"Received: config={config!r}"
        )
      config = GlyphsConfig(
        characters=named.characters, fonts_dir=fonts_dir, varied=named.varied
      )
    super().__init__(config=config, **kwargs)

  def _info(self) -> tfds.core.DatasetInfo:
    characters = _CHARACTERS[self.builder_config.characters]
    shape = (_IMAGE_SIZE, _IMAGE_SIZE, 1)
    return tfds.core.DatasetInfo(
      builder=self,
      description=_DESCRIPTION,
      features=tfds.features.FeaturesDict(
        {
          "image": tfds.features.Image(shape=shape),
          "label": tfds.features.ClassLabel(names=list(characters)),
        }
      ),
      supervised_keys=("image", "label"),
    )

  def _split_generators(self, dl_manager):
    del dl_manager  # There is no download.
    config = self.builder_config
    folder = config.fonts_dir or glyph_fonts.matplotlib_fonts_dir()
    fonts = glyph_fonts.usable_fonts(folder, _CHARACTERS[config.characters])
    train, test = glyph_fonts.split_by_family(fonts)
    num_variants = -(-_TRAIN_EXAMPLES_PER_CLASS // len(train))  # Rounded up.
    return {
      "train": self._generate_examples(train, num_variants),
      "test": self._generate_examples(test, num_variants),
    }

  def _generate_examples(
    self, fonts: tuple[glyph_fonts.GlyphFont, ...], num_variants: int
  ) -> Iterator[tuple[str, dict[str, Any]]]:
    for font in fonts:
      opened = glyph_rendering.load_font(font.path)
      seed = zlib.crc32(font.name.encode())
      for character in font.characters:
        images = glyph_rendering.render_variants(
          opened, character, num_variants, seed, _IMAGE_SIZE
        )
        if self.builder_config.varied:
          images = glyph_variation.vary_glyphs(images, seed, character)
        for variant, image in enumerate(images):
          key = f"{font.name} {character} {variant}"
          yield key, {"image": image[..., None], "label": character}
