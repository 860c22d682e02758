# SPDX-License-Identifier: Apache-2.0
"""Scores a frozen rule on a data set, beside the methods it must beat.

python -m experiments.evaluate --rule=my_run --dataset=lurl_digits
python -m experiments.evaluate --rule=soft_winner_take_all --dataset=mnist
"""

from collections.abc import Sequence

from absl import app, flags, logging

from experiments import shared_flags
from experiments.evaluation_report import as_json, as_text
from experiments.int_list_flag import define_int_list
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
from lurl_tf.optimizers import InnerOptimizerConfig
from lurl_tf.rule import HAND_DESIGNED
from lurl_tf.rule.apply_rule import Rule
from lurl_tf.tasks import load_examples

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


def main(argv: Sequence[str]) -> None:
  """Runs the script with the flags given."""
  if len(argv) > 1:
    raise app.UsageError(f"Only flags are taken. Received: {argv[1:]}")
  logging.set_verbosity(logging.WARNING)  # TFDS tells of every file it opens
  results = shared_flags.RESULTS.value
  try:
    if results:
      check_writable(results)
    train, test = (
      load_examples(
        _DATASET.value,
        split,
        shared_flags.DATA_DIR.value,
        shared_flags.IMAGE_SIZE.value,
        _CHANNELS.value,
        _RESIZE.value,
      )
      for split in ("train", "test")
    )
    choice = choose_rule(_RULE.value, shared_flags.SEED.value)
    config = make_config(
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
    rules = rules_to_evaluate(choice)
    check_evaluation(train, test, rules, config)
  except (OSError, LookupError, ValueError) as error:
    raise SystemExit(f"Error: {error}") from error
  result = evaluate(train, test, rules, config, progress_report())
  show(result, _DATASET.value, choice.name, results)


if __name__ == "__main__":
  app.run(main)
