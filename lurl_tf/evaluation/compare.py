# SPDX-License-Identifier: Apache-2.0
"""Comparison of methods in one call: the Python twin of the scripts."""

from collections.abc import Iterable, Mapping
from typing import Any

from lurl_tf import baselines, presets
from lurl_tf import rule as rules_package
from lurl_tf.baselines import AnyBaseline, TaskBaseline
from lurl_tf.baselines.interface import Method
from lurl_tf.evaluation.comparison import ComparedRule, Comparison
from lurl_tf.evaluation.comparison_result import ComparisonResult
from lurl_tf.evaluation.comparison_scores import RANDOM_INIT
from lurl_tf.evaluation.config import EvaluationConfig, Report
from lurl_tf.readouts import READOUTS
from lurl_tf.rule import LocalRule, UpdateRule
from lurl_tf.rule.inner_step import Rule
from lurl_tf.structures import LabelledExamples, RuleConfig
from lurl_tf.tasks import load_examples
from lurl_tf.tasks.episodes import TaskSampler

UNTRAINED = "untrained"


def compare(
  methods: Iterable[str] | Mapping[str, Any],
  data: str | tuple[LabelledExamples, LabelledExamples],
  config: EvaluationConfig | None = None,
  examples_per_class: Iterable[int] | None = None,
  sampler: TaskSampler | None = None,
  report: Report | None = None,
) -> ComparisonResult:
  """Scores rules and baselines on the same draws of a data set.

  Args:
    methods: Names of methods, or a mapping from the names in the result to
      methods. A method is `"random_init"` (the base network with its initial
      weights); `"untrained"` (the first learned rule with random
      meta-parameters); the name of a baseline, see `lurl_tf.baselines.NAMED`;
      a rule as `lurl_tf.rule.get` takes it: a name, a path or an object; or a
      baseline object.
    data: Name of a data set, as `lurl_tf.tasks.load_examples` takes it, or its
      training and test split.
    config: Base network, inner training, draws and seed. With None the base
      network is that of the first rule, every rule has the inner training that
      it was meta-trained for, and there are 5 initial weights x 4 label draws.
    examples_per_class: Numbers of labelled examples per class; None for that of
      `config`, which is 10 by default.
    sampler: Sampler of the tasks that a `TaskBaseline` learns from.
    report: Callable that takes a method, a unit of work, the units done and
      their total.

  Returns:
    A `ComparisonResult`; `.table()` is its text, `.scores` its numbers.

  Raises:
    FileNotFoundError: If a name is neither a rule nor a baseline.
    ValueError: If the data are not finite, a class has too few examples, or a
      method does not fit the data or the base network.

  Example:

  ```python
  result = lurl_tf.evaluation.compare(
    ["raw_inputs", "random_init", "untrained", "runs/quick"], "lurl_digits"
  )
  print(result.table())
  ```
  """
  if not isinstance(methods, Mapping):
    methods = {name: name for name in methods}
  rules = {
    name: _rule(method) for name, method in methods.items() if _is_rule(method)
  }
  seed = 0 if config is None else config.seed
  for name, method in methods.items():
    if isinstance(method, str) and method == UNTRAINED:
      rules[name] = _untrained(rules.values(), seed)
  configs = {name: config or _own_config(rule) for name, rule in rules.items()}
  network = config or next(iter(configs.values()), EvaluationConfig())
  subjects = {}
  for name, method in methods.items():
    if name in rules:
      subjects[name] = ComparedRule(rules[name], configs[name])
    elif isinstance(method, str) and method == RANDOM_INIT:
      subjects[name] = None
    else:
      subjects[name] = _baseline(name, method, network, sampler)
  if isinstance(data, str):
    data = tuple(load_examples(data, split) for split in ("train", "test"))
  comparison = Comparison(
    *data,
    network,
    examples_per_class and tuple(examples_per_class),
    report,
    READOUTS,
    all_layers=False,
  )
  comparison.check_rules(
    {name: subjects[name] for name in methods if name in rules}
  )
  scores = []
  for name, subject in subjects.items():
    scores += comparison.score(name, subject, sampler)
  return ComparisonResult(network, tuple(scores))


def _is_rule(method: Any) -> bool:
  if isinstance(method, Method):
    return False
  return method not in (RANDOM_INIT, UNTRAINED, *baselines.NAMED)


def _rule(method: Any) -> Rule:
  try:
    return rules_package.get(method)
  except FileNotFoundError as error:
    names = ", ".join((RANDOM_INIT, UNTRAINED, *baselines.NAMED))
    raise FileNotFoundError(f"{error}. Other methods: {names}") from error


def _own_config(rule: Rule) -> EvaluationConfig:
  """The evaluation that a rule was meta-trained for."""
  if not isinstance(rule, LocalRule):
    return EvaluationConfig()
  dtype = rule.dtype or "float32"
  return EvaluationConfig.from_metadata(rule.metadata, dtype=dtype)


def _untrained(rules: Iterable[Rule], seed: int) -> UpdateRule:
  """A rule with random meta-parameters, beside the first learned rule."""
  learned = next((rule for rule in rules if isinstance(rule, UpdateRule)), None)
  if learned is None and presets.available():
    learned = UpdateRule.from_preset(presets.default())
  rule = UpdateRule(learned.config if learned else RuleConfig(), seed)
  if learned:
    rule.metadata = learned.metadata
  return rule


def _baseline(
  name: str,
  method: str | AnyBaseline,
  network: EvaluationConfig,
  sampler: TaskSampler | None,
) -> AnyBaseline:
  if isinstance(method, str):
    method = baselines.get([method], network.units, network.activation)[method]
  if isinstance(method, TaskBaseline) and sampler is None:
    raise ValueError(
      f"{name} learns from tasks and needs `sampler`. Received: sampler=None"
    )
  return method
