# SPDX-License-Identifier: Apache-2.0
"""Scores a frozen rule on a data set, beside the methods it must beat.

python -m experiments.evaluate --rule=my_run --dataset=lurl_digits
python -m experiments.evaluate --rule=soft_winner_take_all --dataset=mnist

With --watch it follows a meta-training run, and scores its checkpoints:

python -m experiments.evaluate --watch=my_run --suite=lurl_digits
"""

from collections.abc import Sequence

from absl import app, flags, logging

from experiments import shared_flags
from experiments.evaluation_report import as_json, as_text
from experiments.follow_run import Follower, SuiteEntry
from experiments.int_list_flag import define_int_list
from experiments.meta_training_run import rule_metadata
from experiments.progress import Progress
from experiments.results import check_writable, write_results
from experiments.rule_choice import RuleChoice, choose_rule
from lurl_tf.evaluation import (
  LEARNED_RULE,
  UNTRAINED_RULE,
  EvaluationConfig,
  EvaluationResult,
  Report,
  check_evaluation,
  evaluate,
  split_episodes,
)
from lurl_tf.meta import VALIDATION_SEED, Validation
from lurl_tf.meta.saved_rule import read_description
from lurl_tf.optimizers import InnerOptimizerConfig
from lurl_tf.rule import HAND_DESIGNED
from lurl_tf.rule.apply_rule import Rule
from lurl_tf.structures import LabelledExamples
from lurl_tf.tasks import load_examples, load_samplers

_RULE = flags.DEFINE_string(
  "rule",
  None,
  "A shipped preset, a preset folder, a run's log folder, `untrained`, or a "
  f"rule designed by hand: {', '.join(HAND_DESIGNED)}. "
  "Default: the default preset.",
)
_INNER_LEARNING_RATE = flags.DEFINE_float(
  "inner_learning_rate",
  None,
  "Constant learning rate of the inner steps. Default: the rule's own.",
)
_DATASET = flags.DEFINE_string(
  "dataset",
  "lurl_digits",
  "A classification set of images or texts, as tensorflow-datasets names it, "
  "or files of your own: folder:/path (images in a folder per class), "
  "npz:/path (arrays x and y), jsonl:/path (lines with text and label).",
)
_CHANNELS = flags.DEFINE_integer(
  "channels",
  1,
  "Channels of images: 1 turns them gray, 3 takes red, green and blue.",
)
_RESIZE = flags.DEFINE_enum(
  "resize",
  "area",
  ["area", "stride"],
  "How images are resized: by averages over areas, or by keeping every second, "
  "third, ... row and column.",
)
_INNER_STEPS = define_int_list(
  "inner_steps",
  None,
  "Numbers of inner steps after which features are scored, such as 50,100. "
  "Default: the rule's own.",
  minimum=0,
)
_EPISODES = flags.DEFINE_integer(
  "episodes",
  20,
  "Initial weights times label draws. From 20 on there are at least 5 initial "
  "weights and 4 label draws (4 draws if that divides the episodes, else 5 or "
  "6, else the episodes are rounded up to a multiple of 4).",
  lower_bound=1,
)

_WATCH = flags.DEFINE_string(
  "watch",
  None,
  "Log folder of a meta-training run, whose checkpoints are scored as they "
  "appear, in place of one rule.",
)
_SUITE = flags.DEFINE_list(
  "suite",
  ["lurl_digits"],
  "With --watch: data sets to report on, beside the run's held-out tasks, by "
  "which the best rule is kept.",
)
_WATCH_TIMEOUT = flags.DEFINE_float(
  "watch_timeout",
  0.0,
  "With --watch: seconds without a new checkpoint after which it ends; 0: "
  "never.",
  lower_bound=0.0,
)
flags.adopt_module_key_flags(shared_flags)

# XLA takes about 10 seconds to compile an inner step, and then saves up to
# half of its time.
_STEPS_WORTH_COMPILING = 500


def make_config(
  choice: RuleChoice,
  examples_per_class: int = 10,
  inner_steps: Sequence[int] | None = None,
  episodes: int = 20,
  units: Sequence[int] | None = None,
  activation: str | None = None,
  batch_size: int | None = None,
  seed: int = 0,
  inner_learning_rate: float | None = None,
) -> EvaluationConfig:
  """The evaluation asked for; what is None is the rule's own.

  Args:
    choice: the rule.
    examples_per_class: labelled examples of a class.
    inner_steps: numbers of inner steps, in any order.
    episodes: initial weights times label draws, see `split_episodes`.
    units: units of the base model's layers, bottom first.
    activation: of the base model.
    batch_size: unlabelled examples of an inner step.
    seed: of all draws.
    inner_learning_rate: of all inner steps.

  Returns:
    An `EvaluationConfig`.

  Raises:
    ValueError: if a number is out of range.
  """
  metadata = choice.metadata
  steps = tuple(sorted(set(inner_steps or [metadata.inner_steps])))
  initial_weights, label_draws = split_episodes(episodes)
  return EvaluationConfig(
    units=tuple(units or metadata.units),
    activation=activation or metadata.activation,
    batch_size=batch_size or metadata.batch_size,
    inner_steps=steps,
    learning_rates=metadata.inner_learning_rates
    if inner_learning_rate is None
    else (inner_learning_rate,),
    horizon=metadata.inner_steps,
    examples_per_class=examples_per_class,
    initial_weights=initial_weights,
    label_draws=label_draws,
    seed=seed,
    dtype=choice.dtype,
    jit_compile=steps[-1] >= _STEPS_WORTH_COMPILING,
    inner_optimizer=InnerOptimizerConfig.from_text(metadata.inner_optimizer),
  )


def rules_to_evaluate(choice: RuleChoice) -> dict[str, Rule]:
  """The untrained rule, and the learned one if there is one.

  Args:
    choice: of `choose_rule`.

  Returns:
    Rules by method; one designed by hand under its own name.
  """
  if choice.hand_designed is not None:
    return {choice.name: choice.hand_designed}
  rules = {UNTRAINED_RULE: choice.untrained}
  if choice.learned is not None:
    rules[LEARNED_RULE] = choice.learned
  return rules


def progress_report() -> Report:
  """Prints progress lines, a new series for every stage of the work."""
  stage, progress = None, None

  def report(method: str, unit: str, done: int, total: int) -> None:
    nonlocal stage, progress
    if stage != (method, unit):
      stage, progress = (method, unit), Progress(total, unit, label=method)
    progress.update(done)

  return report


def show(
  result: EvaluationResult, dataset: str, rule: str, results: str | None
) -> None:
  """Prints the tables, and writes the JSON file if a path is given."""
  print(f"\n{as_text(result, dataset, rule)}", flush=True)
  if results:
    write_results(results, as_json(result, dataset, rule))
    print(f"\nResults are in {results}")


def _splits(
  name: str, image_size: int | None = None
) -> tuple[LabelledExamples, LabelledExamples]:
  """Training and test split of a data set, as the flags want it."""
  return tuple(
    load_examples(
      name,
      split,
      shared_flags.DATA_DIR.value,
      shared_flags.IMAGE_SIZE.value or image_size,
      _CHANNELS.value,
      _RESIZE.value,
    )
    for split in ("train", "test")
  )


def _config_from_flags(choice: RuleChoice) -> EvaluationConfig:
  return make_config(
    choice,
    shared_flags.EXAMPLES_PER_CLASS.value
    or EvaluationConfig.examples_per_class,
    _INNER_STEPS.value,
    _EPISODES.value,
    shared_flags.UNITS.value,
    shared_flags.ACTIVATION.value,
    shared_flags.BATCH_SIZE.value,
    shared_flags.SEED.value,
    _INNER_LEARNING_RATE.value,
  )


def _follower_from_flags() -> Follower:
  """What follows the run of `--watch`; everything is checked here."""
  if shared_flags.RESULTS.value:
    raise ValueError(
      "--watch writes its results below the run's folder; --results is of one "
      f"evaluation. Received: --results={shared_flags.RESULTS.value}"
    )
  description = read_description(_WATCH.value)
  config = description.config
  held_out = load_samplers(
    config.tasks,
    "meta_validation",
    shared_flags.DATA_DIR.value,
    VALIDATION_SEED,
  )
  metadata = rule_metadata(config, held_out[0], description.tasks)
  suite = [
    SuiteEntry(name, *_splits(name, metadata.image_size))
    for name in _SUITE.value
  ]
  return Follower(
    _WATCH.value,
    description,
    metadata,
    Validation(held_out, config),
    suite,
    _config_from_flags,
  )


def main(argv: Sequence[str]) -> None:
  """Runs the script with the flags given."""
  if len(argv) > 1:
    raise app.UsageError(f"Only flags are taken. Received: {argv[1:]}")
  logging.set_verbosity(logging.WARNING)  # TFDS tells of every file it opens
  results = shared_flags.RESULTS.value
  try:
    if results:
      check_writable(results)
    follower = _follower_from_flags() if _WATCH.value else None
    if follower is None:
      train, test = _splits(_DATASET.value)
      choice = choose_rule(_RULE.value, shared_flags.SEED.value)
      config = _config_from_flags(choice)
      rules = rules_to_evaluate(choice)
      check_evaluation(train, test, rules, config)
  except (OSError, LookupError, ValueError) as error:
    raise SystemExit(f"Error: {error}") from error
  if follower is not None:
    print(f"Following {_WATCH.value}; Ctrl-C ends it.", flush=True)
    follower.follow(_WATCH_TIMEOUT.value)
    return
  result = evaluate(train, test, rules, config, progress_report())
  show(result, _DATASET.value, choice.name, results)


if __name__ == "__main__":
  app.run(main)
