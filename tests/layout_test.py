# SPDX-License-Identifier: Apache-2.0
"""Tests that folders are small, and that tests mirror the source files."""

import posixpath
from collections import Counter
from collections.abc import Iterable, Mapping

import pytest

from tests import source_tree

pytestmark = pytest.mark.skipif(
  not source_tree.IS_WHOLE, reason="needs the whole checkout"
)

MAX_MODULES = 14
MAX_SCRIPTS = 13

# Tests that belong to no single source file.
BROAD_TESTS = (
  "tests/docs_test.py",
  "tests/docstring_examples_test.py",
  "tests/evaluation/inner_training_optimizer_test.py",
  "tests/evaluation/supervised_rule_test.py",
  "tests/experiments/all_scripts_test.py",
  "tests/experiments/hand_designed_rules_test.py",
  "tests/experiments/inner_optimizer_test.py",
  "tests/experiments/killed_run_test.py",
  "tests/experiments/tensorboard_test.py",
  "tests/golden_test.py",
  "tests/import_order_test.py",
  "tests/layers/conformance_test.py",
  "tests/layout_test.py",
  "tests/meta/compiled_trainer_test.py",
  "tests/meta/estimators/evolution_test.py",
  "tests/meta/estimators/real_task_test.py",
  "tests/meta/permutation_test.py",
  "tests/meta/repeatability_test.py",
  "tests/meta/replicas_test.py",
  "tests/meta/steady_test.py",
  "tests/meta/trainer_bad_slots_test.py",
  "tests/meta_gradient_test.py",
  "tests/models/backends_test.py",
  "tests/models/bad_input_test.py",
  "tests/models/convolutions_test.py",
  "tests/models/features_and_heads_test.py",
  "tests/models/golden_model_test.py",
  "tests/models/saving_test.py",
  "tests/old_files_test.py",
  "tests/packaging_test.py",
  "tests/rule/hand_designed/hand_designed_test.py",
  "tests/rule/learned/update_rule_config_test.py",
  "tests/source_style_test.py",
)

# Source files without a test file of their own, by the tests that cover them.
TESTED_BY = {
  "tests/baselines/interface_test.py": ("lurl_tf/features.py",),
  "tests/build_files_test.py": ("tools/run_pytest.py",),
  "tests/evaluation/comparison_test.py": (
    "lurl_tf/evaluation/method_scorer.py",
  ),
  "tests/experiments/all_scripts_test.py": ("experiments/common/flags.py",),
  "tests/experiments/benchmark_test.py": (
    "experiments/speed/cases.py",
    "experiments/speed/measure.py",
  ),
  "tests/experiments/compare_test.py": (
    "experiments/comparison/flags.py",
    "experiments/comparison/plot.py",
  ),
  "tests/experiments/meta_train_test.py": (
    "experiments/training/engine_flags.py",
    "experiments/training/inner_flags.py",
    "experiments/training/logging_flags.py",
    "experiments/training/outer_flags.py",
  ),
  # The authors' own numbers, step by step.
  "tests/golden_test.py": (
    "lurl_tf/rule/learned/error_signal.py",
    "lurl_tf/rule/learned/parameters.py",
    "lurl_tf/rule/learned/state_projections.py",
    "lurl_tf/rule/learned/unit_state.py",
  ),
  "tests/layers/forward_pass_test.py": ("lurl_tf/activations.py",),
  "tests/meta/estimators/evolution_test.py": (
    "lurl_tf/meta/estimators/estimator.py",
    "lurl_tf/meta/estimators/evolution_strategies.py",
    "lurl_tf/meta/estimators/particles.py",
    "lurl_tf/meta/estimators/persistent_evolution.py",
    "lurl_tf/meta/estimators/single_perturbation.py",
  ),
  "tests/meta/estimators/real_task_test.py": (
    "lurl_tf/meta/estimators/config.py",
    "lurl_tf/meta/estimators/mixture.py",
  ),
  "tests/meta/inner/unroll_test.py": (
    "lurl_tf/meta/inner/state.py",
    "lurl_tf/meta/inner/unroll_config.py",
  ),
  "tests/meta/runs/folder_test.py": ("lurl_tf/meta/runs/saved_rule.py",),
  "tests/meta/runs/session_test.py": (
    "lurl_tf/meta/runs/callback.py",
    "lurl_tf/meta/runs/card.py",
    "lurl_tf/meta/runs/log.py",
  ),
  "tests/meta/slots/group_test.py": ("lurl_tf/meta/slots/structures.py",),
  "tests/meta/trainer_test.py": (
    "lurl_tf/meta/outer/calls.py",
    "lurl_tf/meta/outer/state.py",
  ),
  "tests/models/bad_input_test.py": ("lurl_tf/models/training_batches.py",),
  "tests/models/convolutions_test.py": ("lurl_tf/models/rule_step.py",),
  "tests/models/local_rule_model_test.py": ("lurl_tf/models/defaults.py",),
  "tests/models/saving_test.py": ("lurl_tf/models/model_with_rule.py",),
  "tests/optimizers/functional_test.py": ("lurl_tf/optimizers/adam.py",),
  "tests/rule/arithmetic/channels_test.py": (
    "lurl_tf/rule/arithmetic/mixers.py",
    "lurl_tf/rule/arithmetic/shift.py",
  ),
  "tests/rule/hand_designed/hand_designed_test.py": (
    "lurl_tf/rule/hand_designed/batch_products.py",
  ),
  "tests/rule/learned/update_rule_test.py": ("lurl_tf/structures.py",),
  "tests/tasks/sources/data_set_name_test.py": (
    "lurl_tf/tasks/sources/data_set.py",
  ),
}


def modules(paths: Iterable[str]):
  """Source files that are a module, and not a package's `__init__.py`."""
  return [
    path
    for path in paths
    if path.startswith(("experiments/", "lurl_tf/", "tools/"))
    and not path.endswith("/__init__.py")
  ]


def mirrored_test(path):
  """Path of the test file that belongs to a source file."""
  package, _, rest = path.removesuffix(".py").partition("/")
  folder = f"{package}/" if package == "experiments" else ""
  return f"tests/{folder}{rest}_test.py"


def crowded_folders(paths: Iterable[str]):
  """Folders with more modules than a reader sees at a glance; sentences."""
  counts = Counter(map(posixpath.dirname, modules(paths)))
  return [
    f"{folder} has {count} modules"
    for folder, count in sorted(counts.items())
    if count > (MAX_SCRIPTS if folder == "experiments" else MAX_MODULES)
  ]


def broken_mirror(
  paths: Iterable[str],
  broad: Iterable[str],
  tested_by: Mapping[str, Iterable[str]],
):
  """Differences between the source files and the files that test them.

  Args:
    paths: Paths of all Python files.
    broad: Paths of test files that belong to no single source file.
    tested_by: Dictionary from paths of test files to the paths of source files
      without a test file of their own.

  Returns:
    List of sentences.
  """
  paths = set(paths)
  sources = {mirrored_test(path): path for path in modules(paths)}
  tests = {path for path in paths if path.endswith("_test.py")}
  elsewhere = {
    source: test for test, names in tested_by.items() for source in names
  }
  problems = [
    f"{path} has no source file" for path in sorted(tests - {*sources, *broad})
  ]
  problems += [
    f"{sources[test]} has no {test}"
    for test in sorted(sources.keys() - tests)
    if sources[test] not in elsewhere
  ]
  for path, test in elsewhere.items():
    if path not in paths or test not in tests:
      problems.append(f"the list names {path} or {test}, which is not there")
    elif mirrored_test(path) in tests:
      problems.append(f"the list names {path}, which has a test")
  problems += [
    f"the list names {path}, which is not there or has a source file"
    for path in sorted(set(broad))
    if path not in tests or path in sources
  ]
  return problems


def test_no_folder_is_crowded():
  assert crowded_folders(source_tree.python_files()) == []


@pytest.mark.parametrize(
  ("folder", "allowed"),
  [("lurl_tf/rule", 14), ("experiments/speed", 14), ("experiments", 13)],
)
def test_a_crowded_folder_is_found(folder, allowed):
  paths = [f"{folder}/{number}.py" for number in range(allowed)]
  paths += [f"{folder}/__init__.py", f"{folder}/more/one.py"]
  assert crowded_folders(paths) == []
  assert crowded_folders([*paths, f"{folder}/one.py"]) == [
    f"{folder} has {allowed + 1} modules"
  ]


def test_tests_mirror_the_source_files():
  files = source_tree.python_files()
  assert len(modules(files)) > 150
  problems = broken_mirror(files, BROAD_TESTS, TESTED_BY)
  assert not problems, "\n".join(problems)


MIRRORED = (
  "experiments/common/flags.py",
  "experiments/train.py",
  "lurl_tf/rule/__init__.py",
  "lurl_tf/rule/get.py",
  "lurl_tf/rule/signal.py",
  "tests/experiments/common/flags_test.py",
  "tests/experiments/train_test.py",
  "tests/gradient_test.py",
  "tests/rule/get_test.py",
  "tests/rule/helper.py",
  "tests/tool_test.py",
  "tools/tool.py",
)
COVERED = {"tests/gradient_test.py": ["lurl_tf/rule/signal.py"]}


@pytest.mark.parametrize(
  ("removed", "added", "problem"),
  [
    ("tests/rule/get_test.py", None, "get.py has no tests/rule/get_test.py"),
    ("lurl_tf/rule/get.py", None, "tests/rule/get_test.py has no source"),
    (None, "tests/rule/put_test.py", "tests/rule/put_test.py has no source"),
    (None, "lurl_tf/rule/put.py", "put.py has no tests/rule/put_test.py"),
    (None, "tests/rule/signal_test.py", "signal.py, which has a test"),
    ("lurl_tf/rule/signal.py", None, "signal.py or tests/gradient_test.py,"),
    ("tests/gradient_test.py", None, "tests/gradient_test.py, which is not"),
    (None, "lurl_tf/gradient.py", "tests/gradient_test.py, which is not"),
  ],
)
def test_a_broken_mirror_is_found(removed, added, problem):
  broad = {"tests/gradient_test.py"}
  assert broken_mirror(MIRRORED, broad, COVERED) == []
  paths = {*MIRRORED, added} - {removed, None}
  problems = broken_mirror(paths, broad, COVERED)
  assert any(problem in found for found in problems), problems
