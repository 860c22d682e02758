# SPDX-License-Identifier: Apache-2.0
"""Settings outside a rule's meta-training, in sweeps of one property each.

In every sweep one property differs from the setting of the meta-training. That
setting is part of every sweep.
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
  """Values of every sweep, to which the trained setting is added.

  Args:
    horizons: Multiples of the inner steps in the rule's meta-training.
    widths: Units of every layer below the top layer.
    depths: Numbers of layers.
    activations: Activations of the base model.
    image_sizes: Heights and widths of images, in pixels.
  """

  horizons: tuple[int, ...] = (1, 3, 10)
  widths: tuple[int, ...] = (128,)
  depths: tuple[int, ...] = (4,)
  activations: tuple[str, ...] = ("step",)
  image_sizes: tuple[int, ...] = (14, 28)


class Setting(NamedTuple):
  """One evaluation of a rule.

  Attributes:
    sweep: Name of the sweep, one of `SWEEPS` or `TRAINED`.
    value: Value of the varied property, such as a width.
    config: Config of the evaluation.
    dataset: Name of the data set.
    image_size: Height and width of the images; None for the stored size, and
      for data that are not images.
    is_trained: Whether it is the setting of the meta-training.
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
  """Returns all settings of a rule, the trained setting first.

  Args:
    sweeps: Names of sweeps, of `SWEEPS`.
    values: Values of the sweeps.
    trained: Setting of the meta-training.
    text_dataset: Name of a data set of texts.

  Returns:
    Settings, ordered by sweep. Settings with the same config and data set need
    only one evaluation.

  Raises:
    ValueError: if a sweep is unknown, or if a sweep resizes images and the data
      set has none.
  """
  unknown = [sweep for sweep in sweeps if sweep not in SWEEPS]
  if unknown or not sweeps:
    raise ValueError(
      f"--sweep must be some of {', '.join(SWEEPS)}. Received: "
      f"--sweep={','.join(sweeps)}"
    )
  if "image_size" in sweeps and trained.image_size is None:
    raise ValueError(
      "The sweep image_size needs images. Received: "
      f"dataset={trained.dataset!r}"
    )
  horizon = trained.config.horizon
  along = tuple(sorted({horizon * each for each in (1, *values.horizons)}))
  if "steps" in sweeps:  # One training passes through all of them.
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
  """Returns the settings of a sweep with a constant number of inner steps."""
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
  """Returns the value of the trained setting in a sweep.

  Args:
    sweep: Name of a sweep, except `"steps"` and `"text"`.
    trained: Setting of the meta-training.

  Returns:
    Value such as a width.
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
  """Changes the trained setting to the value of its sweep."""
  value, units = setting.value, setting.config.units
  changed = _with(setting, inner_steps=(setting.config.horizon,))
  if setting.sweep == "width":
    # The top layer is kept: more features would be better by themselves.
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
