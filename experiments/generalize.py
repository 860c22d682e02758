# SPDX-License-Identifier: Apache-2.0
"""Evaluates a frozen rule outside its meta-training, one property at a time.

python -m experiments.generalize --rule=my_run --plot=generalize.png
python -m experiments.generalize --rule=early,late --sweep=text --data_dir=...

--sweep is a list of: steps (1, 3, 10 times the trained inner steps), width,
depth, activation, permutation, image_size and text. Every sweep includes the
setting of the meta-training. The script ends with a table: accuracy, accuracy
of the same network with random weights, the gain, and the share of the gain
that is kept. The files of --results and --plot are written after every setting,
so that Ctrl-C keeps the finished ones.
"""

import functools
from collections.abc import Callable, Iterator
from typing import NamedTuple

from absl import flags

from experiments.common import flags as shared_flags
from experiments.common import rule_flags, script, sweep_flags
from experiments.common.data import image_size_for, load_splits
from experiments.common.evaluation_setup import progress_report
from experiments.common.int_list_flag import define_int_list
from experiments.common.results import check_writable, write_results
from experiments.common.rule_choice import RuleChoice
from experiments.generalization.plot import plot_generalization
from experiments.generalization.report import (
  GeneralizationRow,
  as_json,
  as_text,
  make_rows,
)
from experiments.generalization.sweeps import (
  TRAINED,
  Setting,
  SweepValues,
  make_settings,
)
from lurl_tf.evaluation import (
  LEARNED_RULE,
  RANDOM_INIT,
  EvaluationConfig,
  check_evaluation,
  compare,
)
from lurl_tf.rule.local_rule import LocalRule
from lurl_tf.structures import LabelledExamples

# These need only the default data set and take minutes.
_DEFAULT_SWEEPS = ("steps", "width", "depth", "activation", "permutation")

_HORIZONS = define_int_list(
  "horizons",
  SweepValues.horizons,
  "Sweeps steps and text: multiples of the rule's number of inner steps.",
)
_WIDTHS = define_int_list(
  "widths",
  SweepValues.widths,
  "Sweep width: units of every layer below the top layer. 10000 units need "
  "about 5 GB per set of initial weights with rules of the published size.",
)
_DEPTHS = define_int_list(
  "depths", SweepValues.depths, "Sweep depth: numbers of layers."
)
_ACTIVATIONS = flags.DEFINE_list(
  "activations",
  list(SweepValues.activations),
  "Sweep activation: names of Keras activations, or step.",
)
_IMAGE_SIZES = define_int_list(
  "image_sizes",
  SweepValues.image_sizes,
  "Sweep image_size: heights and widths of images, in pixels.",
)
_TEXT_DATASET = flags.DEFINE_string(
  "text_dataset", "imdb_reviews", "Sweep text: data set, as for --dataset."
)
for _module in (shared_flags, sweep_flags):
  flags.adopt_module_key_flags(_module)
# Without --inner_steps: --horizons has multiples of the rule's number.
for _name in (
  *("rule", "dataset", "channels", "resize", "inner_learning_rate"),
  *("episodes", "label_draws"),
):
  flags.declare_key_flag(_name)


# Returns the training and the test split by name and image size.
LoadSplits = Callable[
  [str, int | None], tuple[LabelledExamples, LabelledExamples]
]


class Trial(NamedTuple):
  """A rule and its settings.

  Attributes:
    name: Name of the rule.
    rule: Frozen rule.
    settings: Settings of the evaluations, the trained setting first.
  """

  name: str
  rule: LocalRule
  settings: list[Setting]


def trained_setting(
  choice: RuleChoice, config: EvaluationConfig, dataset: str
) -> Setting:
  """Returns the setting of the rule's meta-training, on a data set.

  Args:
    choice: Rule.
    config: Config of the rule, returned by `make_config`.
    dataset: Name of the data set.

  Returns:
    The setting, with `--image_size` if it is given.
  """
  image_size = image_size_for(dataset, choice.metadata.image_size)
  return Setting(TRAINED, TRAINED, config, dataset, image_size, True)


def run_trial(
  trial: Trial, load: LoadSplits
) -> Iterator[list[GeneralizationRow]]:
  """Evaluates a rule in all its settings.

  Args:
    trial: Rule and its settings.
    load: Function that loads the splits of a data set.

  Yields:
    Rows of a setting.
  """
  trained, results = None, {}
  for setting in trial.settings:
    key = setting.dataset, setting.image_size, setting.config
    if key not in results:
      print(
        f"\n{trial.name}: {setting.sweep} {setting.value}, {setting.dataset}",
        flush=True,
      )
      results[key] = compare(
        {RANDOM_INIT: RANDOM_INIT, LEARNED_RULE: trial.rule},
        load(setting.dataset, setting.image_size),
        setting.config,
        report=progress_report(),
      )
    trained = trained or results[key]
    yield make_rows(trial.name, LEARNED_RULE, setting, results[key], trained)


def check_trial(trial: Trial, load: LoadSplits) -> None:
  """Checks all settings without computing anything.

  Args:
    trial: Rule and its settings.
    load: Function that loads the splits of a data set.

  Raises:
    ValueError: if `compare` would raise it in one of the settings.
  """
  for setting in trial.settings:
    check_evaluation(
      *load(setting.dataset, setting.image_size),
      {LEARNED_RULE: trial.rule},
      setting.config,
    )


def _trial_from_flags(choice: RuleChoice) -> Trial:
  config = rule_flags.config_from_flags(choice)
  trained = trained_setting(choice, config, rule_flags.DATASET.value)
  values = SweepValues(
    _HORIZONS.value,
    _WIDTHS.value,
    _DEPTHS.value,
    tuple(_ACTIVATIONS.value),
    _IMAGE_SIZES.value,
  )
  sweeps = sweep_flags.SWEEP.value or _DEFAULT_SWEEPS
  settings = make_settings(sweeps, values, trained, _TEXT_DATASET.value)
  return Trial(choice.name, choice.rule, settings)


def main() -> None:
  """Runs the script with the parsed flags."""
  results, plot = shared_flags.RESULTS.value, sweep_flags.PLOT.value
  load = functools.cache(load_splits)
  with script.errors_in_one_line():
    for path in filter(None, (results, plot)):
      check_writable(path)
    trials = [
      _trial_from_flags(choice) for choice in rule_flags.choices_from_flags()
    ]
    for trial in trials:
      check_trial(trial, load)
  rows = []
  for trial in trials:
    for more in run_trial(trial, load):
      rows += more
      if results:
        write_results(results, {"rows": as_json(rows)})
      if plot:
        plot_generalization(plot, rows)
  print(f"\n{as_text(rows)}")


if __name__ == "__main__":
  script.run(main)
