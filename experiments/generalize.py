# SPDX-License-Identifier: Apache-2.0
"""Tries a frozen rule on what it was not meta-trained for, one thing at a time.

python -m experiments.generalize --rule=my_run --plot=generalize.png
python -m experiments.generalize --rule=early,late --sweep=text --data_dir=...

--sweep is a list of: steps (1, 3, 10 times the trained inner steps), width,
depth, activation, permutation, image_size and text. The rule's own network,
activation, image size and inner steps are in every sweep. It ends with a table:
accuracy, the same network at random, the gain and how much of it is kept. With
--results and --plot, both files grow as rows are done, so that Ctrl-C leaves
what there is.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from absl import app, flags, logging

from experiments.common import flags as shared_flags
from experiments.common import flags as sweep_flags
from experiments.common import rule_flags
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
from lurl_tf.tasks import holds_images, load_examples

# Those that take no data but the default data set, and are done in minutes.
_DEFAULT_SWEEPS = ("steps", "width", "depth", "activation", "permutation")

_HORIZONS = define_int_list(
  "horizons",
  SweepValues.horizons,
  "Sweeps steps and text: multiples of the rule's own inner steps.",
)
_WIDTHS = define_int_list(
  "widths",
  SweepValues.widths,
  "Sweep width: units of every layer but the top one. 10000 takes about 5 GB "
  "per set of initial weights with rules of the published size.",
)
_DEPTHS = define_int_list(
  "depths", SweepValues.depths, "Sweep depth: numbers of layers."
)
_ACTIVATIONS = flags.DEFINE_list(
  "activations",
  list(SweepValues.activations),
  "Sweep activation: names of Keras activations, and step.",
)
_IMAGE_SIZES = define_int_list(
  "image_sizes",
  SweepValues.image_sizes,
  "Sweep image_size: sides of images, in pixels.",
)
_TEXT_DATASET = flags.DEFINE_string(
  "text_dataset", "imdb_reviews", "Sweep text: the data set, as --dataset."
)
for _module in (shared_flags, rule_flags, sweep_flags):
  flags.adopt_module_key_flags(_module)


class Trial(NamedTuple):
  """A rule, and all that it is to be tried on.

  Attributes:
    name: of the rule.
    rule: the frozen rule.
    settings: the trained one first.
  """

  name: str
  rule: LocalRule
  settings: list[Setting]


class DataSets:
  """Training and test splits by name and image size, each loaded once.

  Args:
    data_dir: where prepared data sets are, see `load_examples`.
    channels: of images.
    resize: how images are resized.
  """

  def __init__(
    self, data_dir: str | None = None, channels: int = 1, resize: str = "area"
  ):
    self._options = (data_dir, channels, resize)
    self._splits = {}

  def splits(
    self, setting: Setting
  ) -> tuple[LabelledExamples, LabelledExamples]:
    """The training and the test split of a setting.

    Args:
      setting: what is evaluated.
    """
    key = setting.dataset, setting.image_size
    if key not in self._splits:
      data_dir, *form = self._options
      self._splits[key] = tuple(
        load_examples(
          setting.dataset, split, data_dir, setting.image_size, *form
        )
        for split in ("train", "test")
      )
    return self._splits[key]


def trained_setting(
  choice: RuleChoice,
  config: EvaluationConfig,
  dataset: str,
  image_size: int | None,
) -> Setting:
  """What the rule was made for, on a data set.

  Args:
    choice: the rule.
    config: its own, of `make_config`.
    dataset: name of the data set.
    image_size: None for the rule's own; it has no effect on other data.
  """
  if not holds_images(dataset, shared_flags.DATA_DIR.value):
    image_size = None
  elif image_size is None:
    image_size = choice.metadata.image_size
  return Setting(TRAINED, TRAINED, config, dataset, image_size, True)


def run_trial(
  trial: Trial, data_sets: DataSets
) -> Iterator[list[GeneralizationRow]]:
  """Evaluates a rule in all its settings; yields the rows of each.

  Args:
    trial: the rule, and its settings.
    data_sets: where the data come from.
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
        data_sets.splits(setting),
        setting.config,
        report=progress_report(),
      )
    trained = trained or results[key]
    yield make_rows(trial.name, LEARNED_RULE, setting, results[key], trained)


def check_trial(trial: Trial, data_sets: DataSets) -> None:
  """Raises the errors of `compare` for all settings, and computes nothing.

  Args:
    trial: the rule, and its settings.
    data_sets: where the data come from.
  """
  for setting in trial.settings:
    rules = {LEARNED_RULE: trial.rule}
    check_evaluation(*data_sets.splits(setting), rules, setting.config)


def _trial_from_flags(choice: RuleChoice) -> Trial:
  config = rule_flags.config_from_flags(choice)
  trained = trained_setting(
    choice, config, rule_flags.DATASET.value, shared_flags.IMAGE_SIZE.value
  )
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


def main(argv: Sequence[str]) -> None:
  """Runs the script with the flags given."""
  if len(argv) > 1:
    raise app.UsageError(f"Only flags are taken. Received: {argv[1:]}")
  logging.set_verbosity(logging.WARNING)  # TFDS tells of every file it opens
  results, plot = shared_flags.RESULTS.value, sweep_flags.PLOT.value
  data_sets = DataSets(
    shared_flags.DATA_DIR.value,
    rule_flags.CHANNELS.value,
    rule_flags.RESIZE.value,
  )
  try:
    # --horizons has multiples of the rule's own.
    rule_flags.refuse_flags(rule_flags.INNER_STEPS)
    for path in filter(None, (results, plot)):
      check_writable(path)
    trials = [
      _trial_from_flags(choice) for choice in rule_flags.choices_from_flags()
    ]
    for trial in trials:
      check_trial(trial, data_sets)
  except (OSError, LookupError, ValueError) as error:
    raise SystemExit(f"Error: {error}") from error
  rows = []
  for trial in trials:
    for more in run_trial(trial, data_sets):
      rows += more
      if results:
        write_results(results, {"rows": as_json(rows)})
      if plot:
        plot_generalization(plot, rows)
  print(f"\n{as_text(rows)}")


if __name__ == "__main__":
  app.run(main)
