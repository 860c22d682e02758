# SPDX-License-Identifier: Apache-2.0
"""What a rule is tried on beyond what it was meta-trained for.

In every sweep one thing differs from the setting that the rule was made for,
and that setting is in every sweep.
"""

import dataclasses
from collections.abc import Sequence
from typing import NamedTuple

from lurl_tf.evaluation import EvaluationConfig

TRAINED = "trained"
SWEEPS = (
  "steps",
  "width",
  "depth",
  "activation",
  "permutation",
  "image_size",
  "text",
)


@dataclasses.dataclass(frozen=True)
class SweepValues:
  """What is tried in every sweep; the trained setting comes on top.

  Args:
    horizons: multiples of the inner steps that the rule was made for.
    widths: units of all layers but the top one.
    depths: numbers of layers.
    activations: of the base model.
    image_sizes: sides of images, in pixels.
  """

  horizons: tuple[int, ...] = (1, 3, 10)
  widths: tuple[int, ...] = (128,)
  depths: tuple[int, ...] = (4,)
  activations: tuple[str, ...] = ("step",)
  image_sizes: tuple[int, ...] = (14, 28)


class Setting(NamedTuple):
  """One evaluation of a rule.

  Attributes:
    sweep: one of `SWEEPS`, or `TRAINED`.
    value: what is varied, such as a width.
    config: how to evaluate.
    dataset: name of the data set.
    image_size: side of its images; None for what is no image, and to keep
      them as they are stored.
    is_trained: whether it is the one that the rule was made for.
  """

  sweep: str
  value: int | str
  config: EvaluationConfig
  dataset: str
  image_size: int | None
  is_trained: bool = False


def make_settings(
  sweeps: Sequence[str],
  values: SweepValues,
  trained: Setting,
  text_dataset: str,
) -> list[Setting]:
  """All evaluations of a rule, the trained setting first.

  Args:
    sweeps: of `SWEEPS`.
    values: what to try.
    trained: the setting that the rule was made for.
    text_dataset: name of a data set of texts.

  Returns:
    Settings by sweep. Several of one config and data set are one evaluation.

  Raises:
    ValueError: if a sweep is unknown, or the data are no images and a sweep
      resizes them.
  """
  unknown = [sweep for sweep in sweeps if sweep not in SWEEPS]
  if unknown or not sweeps:
    raise ValueError(
      f"--sweep must be of {', '.join(SWEEPS)}. Received: "
      f"--sweep={','.join(sweeps)}"
    )
  if "image_size" in sweeps and trained.image_size is None:
    raise ValueError(
      "The sweep image_size needs images. Received: "
      f"dataset={trained.dataset!r}"
    )
  horizon = trained.config.horizon
  along = tuple(sorted({horizon * each for each in (1, *values.horizons)}))
  if "steps" in sweeps:  # the trained setting is on the way of this sweep
    trained = _with(trained, inner_steps=along)
  settings = [trained]
  for sweep in sweeps:
    if sweep == "text":
      text = trained._replace(
        sweep=sweep, value=text_dataset, dataset=text_dataset, image_size=None
      )
      settings.append(_with(text._replace(is_trained=False), inner_steps=along))
    elif sweep == "steps":
      settings.append(trained._replace(sweep=sweep, value=horizon))
    else:
      settings += _vary(sweep, values, trained)
  return settings


def _vary(sweep, values, trained):
  """The settings of a sweep in which the inner steps stay."""
  own = trained_value(sweep, trained)
  tried = {
    "width": values.widths,
    "depth": values.depths,
    "activation": values.activations,
    "permutation": ("unpermuted",),
    "image_size": values.image_sizes,
  }[sweep]
  if isinstance(own, str):
    tried = dict.fromkeys((own, *tried))
  else:
    tried = sorted({own, *tried})
  settings = []
  for value in tried:
    setting = trained._replace(sweep=sweep, value=value)
    if value != own:
      setting = _changed(setting._replace(is_trained=False))
    settings.append(setting)
  return settings


def trained_value(sweep: str, trained: Setting) -> int | str:
  """Where the trained setting stands in a sweep.

  Args:
    sweep: of `SWEEPS`, but `"steps"` and `"text"`.
    trained: the setting that the rule was made for.
  """
  units = trained.config.units
  return {
    "width": max(units[:-1] or units),
    "depth": len(units),
    "activation": trained.config.activation,
    "permutation": "permuted",
    "image_size": trained.image_size,
  }[sweep]


def _changed(setting):
  """The trained setting, but for the value of its sweep."""
  value, units = setting.value, setting.config.units
  changed = _with(setting, inner_steps=(setting.config.horizon,))
  if setting.sweep == "width":
    # The top layer stays: features would be more, and better, by themselves.
    below = (value,) * (len(units) - 1)
    return _with(changed, units=(*below, units[-1]) if below else (value,))
  if setting.sweep == "depth":
    below = (units[0],) * (value - 1)
    return _with(changed, units=(*below, units[-1]))
  if setting.sweep == "activation":
    return _with(changed, activation=value)
  if setting.sweep == "permutation":
    return _with(changed, permute_inputs=False)
  return changed._replace(image_size=value)


def _with(setting, **fields):
  return setting._replace(config=dataclasses.replace(setting.config, **fields))
