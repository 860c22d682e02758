# SPDX-License-Identifier: Apache-2.0
"""Evaluates the checkpoints of a meta-training run as they appear.

It runs in a process of its own, on another machine if needed: it reads the
run's folder, and writes only to `evaluation/` in it.
"""

import dataclasses
import json
import time
from collections.abc import Callable, Container, Sequence
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from experiments.common.charts import curve_name, suite_charts
from experiments.common.results import DECISIVE_READOUT
from experiments.common.rule_choice import RuleChoice
from experiments.evaluation.confusion_matrix import few_shot_picture
from lurl_tf import files
from lurl_tf.evaluation import (
  LEARNED_RULE,
  RANDOM_INIT,
  RAW_INPUTS,
  UNTRAINED_RULE,
  ComparisonResult,
  EvaluationConfig,
  compare,
)
from lurl_tf.evaluation.draws import draw_support
from lurl_tf.evaluation.snapshots import take_snapshots
from lurl_tf.meta.runs.best_rule import keep_best
from lurl_tf.meta.runs.checkpoints import SavedCheckpoint, list_checkpoints
from lurl_tf.meta.runs.description import RunDescription
from lurl_tf.meta.runs.folder import TENSORBOARD_FOLDER
from lurl_tf.meta.runs.saved_rule import SavedRule, read_rule
from lurl_tf.meta.validation import Validation, ValidationScore
from lurl_tf.presets import PresetMetadata
from lurl_tf.rule import UpdateRule
from lurl_tf.structures import LabelledExamples
from lurl_tf.summaries import SummaryWriter

FOLDER = "evaluation"
# Accuracies by data set, method and read-out.
Baselines = dict[str, dict[str, dict[str, float]]]
_BASELINES = (RAW_INPUTS, RANDOM_INIT, UNTRAINED_RULE)
_WAIT_SECONDS = 5.0


class SuiteEntry(NamedTuple):
  """A data set that every checkpoint is scored on.

  Attributes:
    name: Name of the data set.
    train: `LabelledExamples` of its training split.
    test: `LabelledExamples` of its test split.
  """

  name: str
  train: LabelledExamples
  test: LabelledExamples


class Score(NamedTuple):
  """Scores of a checkpoint.

  Attributes:
    step: Integer number of outer steps done.
    validation: `ValidationScore` on data of use `"meta_validation"`, by which
      the best rule is chosen.
    suite: Accuracies in [0, 1] by data set and read-out, which are reported
      only.
  """

  step: int
  validation: ValidationScore
  suite: dict[str, dict[str, float]]


class Follower:
  """Scores checkpoints and writes the results.

  Args:
    logdir: Log folder of the run.
    description: `RunDescription` of `read_description`.
    metadata: `PresetMetadata` of the run's rule before the first step.
    validation: `Validation` on data of use `"meta_validation"`.
    suite: `SuiteEntry` of each data set to report on.
    make_config: Function from a `RuleChoice` to the `EvaluationConfig`.
  """

  def __init__(
    self,
    logdir: str,
    description: RunDescription,
    metadata: PresetMetadata,
    validation: Validation,
    suite: Sequence[SuiteEntry],
    make_config: Callable[[RuleChoice], EvaluationConfig],
  ):
    self._logdir, self._description = logdir, description
    self._metadata, self._validation = metadata, validation
    self._suite, self._make_config = tuple(suite), make_config
    self._folder = tf.io.gfile.join(logdir, FOLDER)
    self._writers: dict[str, SummaryWriter] = {}
    self._baselines: Baselines | None = None

  def follow(
    self, timeout: float = 0.0, sleep: Callable[[float], None] = time.sleep
  ) -> None:
    """Scores every checkpoint that was not scored before, and waits for more.

    Args:
      timeout: Seconds without a new checkpoint after which it ends; 0 for
        never.
      sleep: Function that waits for a number of seconds.
    """
    done = {row["step"] for row in read_results(self._logdir)}
    waited = 0.0
    while True:
      new = self._list_all_but(done)
      if new and self._baselines is None:
        self._baselines = self.score_baselines()
        # Meanwhile the run may have removed checkpoints and written others.
        new = self._list_all_but(done)
      for saved in new:
        done.add(saved.step)
        try:
          saved_rule = read_rule(saved, self._description.config)
        except OSError as error:  # The run keeps few checkpoints.
          print(f"skipped step {saved.step}: {error}", flush=True)
          continue
        self._take_down(self.score(saved, saved_rule), saved_rule)
      if new:
        waited = 0.0
        continue
      if timeout and waited >= timeout:
        return
      sleep(_WAIT_SECONDS)
      waited += _WAIT_SECONDS

  def score_baselines(self) -> Baselines:
    """Scores the baselines, for constant lines beside the curves.

    The untrained rule is random, whatever rule the run started from; its inner
    learning rates are the initial ones of the run.

    Returns:
      Accuracies by data set, method and read-out.
    """
    config = self._description.config
    rule = UpdateRule(config.rule, config.seed, config.term_coefficient)
    evaluation = self._config_of(rule, 0, config.inner_learning_rates)
    baselines = {}
    for name, train, test in self._suite:
      methods = {RAW_INPUTS: RAW_INPUTS, RANDOM_INIT: RANDOM_INIT}
      methods[UNTRAINED_RULE] = rule
      result = compare(methods, (train, test), evaluation)
      baselines[name] = {
        method: _accuracies(result, method) for method in _BASELINES
      }
      text = ", ".join(
        f"{method} {100 * accuracies[DECISIVE_READOUT]:.1f} %"
        for method, accuracies in baselines[name].items()
      )
      print(f"{name}: {text}", flush=True)
    return baselines

  def score(self, saved: SavedCheckpoint, saved_rule: SavedRule) -> Score:
    """Scores one checkpoint.

    Args:
      saved: `SavedCheckpoint`.
      saved_rule: `SavedRule` of the checkpoint.

    Returns:
      `Score`.
    """
    config = self._config_of(
      saved_rule.rule, saved.step, saved_rule.inner_learning_rates
    )
    suite = {}
    for name, train, test in self._suite:
      result = compare({LEARNED_RULE: saved_rule.rule}, (train, test), config)
      suite[name] = _accuracies(result, LEARNED_RULE)
    return Score(
      saved.step, self._validation.score(saved_rule.parameters), suite
    )

  def _list_all_but(self, done: Container[int]) -> list[SavedCheckpoint]:
    saved = list_checkpoints(self._logdir)
    return [each for each in saved if each.step not in done]

  def _take_down(self, score: Score, saved_rule: SavedRule) -> None:
    rows = [
      *read_results(self._logdir),
      {**score._asdict(), "validation": score.validation._asdict()},
    ]
    text = "".join(f"{json.dumps(row)}\n" for row in rows)
    # Buckets cannot append to a file.
    files.write_atomically(_results_path(self._logdir), text.encode())
    self._show(score, saved_rule)
    is_best = keep_best(
      saved_rule.rule,
      tf.io.gfile.join(self._folder, "best_rule"),
      self._metadata_of(score.step, saved_rule.inner_learning_rates),
      score.validation,
    )
    suite = "  ".join(
      f"{name} {100 * accuracies[DECISIVE_READOUT]:.1f} %"
      for name, accuracies in score.suite.items()
    )
    print(
      f"step {score.step}  validation loss {score.validation.loss:.4f}, "
      f"accuracy {100 * score.validation.accuracy:.1f} %"
      f"{', the best so far' if is_best else ''}  {suite}",
      flush=True,
    )

  def _show(self, score: Score, saved_rule: SavedRule) -> None:
    """Writes curves and pictures of a checkpoint for TensorBoard."""
    if not self._writers:
      self._open_writers()
    writer = self._writers[LEARNED_RULE]
    writer.scalars(
      score.step,
      {f"validation/{k}": v for k, v in score.validation._asdict().items()},
    )
    for name, accuracies in score.suite.items():
      for method, own in (
        (LEARNED_RULE, accuracies),
        *self._baselines[name].items(),
      ):
        self._writers[method].scalars(
          score.step,
          {f"{curve_name(name)}/{key}": value for key, value in own.items()},
        )
    config = self._config_of(
      saved_rule.rule, score.step, saved_rule.inner_learning_rates
    )
    for entry in self._suite:
      picture = _confusion(saved_rule.rule, entry, config)
      writer.image(score.step, f"{entry.name}/confusion", picture)
    for each in self._writers.values():
      each.flush()

  def _open_writers(self) -> None:
    # TensorBoard has a colour per run, so that each baseline is one.
    self._writers = {
      method: SummaryWriter(tf.io.gfile.join(self._folder, folder))
      for method, folder in (
        (LEARNED_RULE, TENSORBOARD_FOLDER),
        *((baseline, baseline) for baseline in _BASELINES),
      )
    }
    names = [entry.name for entry in self._suite]
    self._writers[LEARNED_RULE].charts(suite_charts(names))

  def _config_of(
    self, rule: UpdateRule, step: int, inner_learning_rates: Sequence[float]
  ) -> EvaluationConfig:
    metadata = self._metadata_of(step, inner_learning_rates)
    return self._make_config(RuleChoice(self._logdir, rule, rule, metadata))

  def _metadata_of(
    self, step: int, inner_learning_rates: Sequence[float]
  ) -> PresetMetadata:
    return dataclasses.replace(
      self._metadata,
      outer_steps=step,
      inner_learning_rates=tuple(inner_learning_rates),
    )


def read_results(logdir: str) -> list[dict[str, Any]]:
  """Reads the scores of a run's checkpoints.

  Args:
    logdir: Log folder of the run.

  Returns:
    List of the fields of a `Score` per checkpoint.

  Raises:
    OSError: If the file cannot be read.
    ValueError: If the file is damaged.
  """
  path = _results_path(logdir)
  try:
    lines = files.read_bytes(path).splitlines()
  except FileNotFoundError:
    return []
  try:
    return [json.loads(line) for line in lines]
  except ValueError as error:
    raise ValueError(
      f"Results must be lines of JSON. Received: {path}, {error}"
    ) from error


def _results_path(logdir: str) -> str:
  return tf.io.gfile.join(logdir, FOLDER, "results.jsonl")


def _accuracies(result: ComparisonResult, method: str) -> dict[str, float]:
  """Mean accuracies of a method by read-out, after its last inner step."""
  return {
    score.readout: score.mean
    for score in result.scores
    if score.method == method
  }


def _confusion(
  rule: UpdateRule, entry: SuiteEntry, config: EvaluationConfig
) -> np.ndarray:
  """Confusion matrix of one network on the first label draw, as a picture."""
  (*_, trained) = take_snapshots(rule, entry.train, config)
  support, *_ = draw_support(
    entry.train, config.examples_per_class, config.label_draws, config.seed
  )
  return few_shot_picture(
    entry.train.take(support), entry.test, trained, config.activation
  )
