# SPDX-License-Identifier: Apache-2.0
"""Tests that folders are small, and that tests mirror the source files."""

import posixpath
from collections import Counter
from collections.abc import Iterable

import pytest

from tests import source_tree

pytestmark = pytest.mark.skipif(
  not source_tree.IS_WHOLE, reason="needs the whole checkout"
)

MAX_MODULES = 14
MAX_SCRIPTS = 13

# Tests of more than one source file, and of the repository itself.
BROAD_TESTS = {}

# Source files without a test file of their own, and where they are tested.
TESTED_ELSEWHERE = {}


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


def broken_mirror(paths: Iterable[str], broad, elsewhere):
  """Differences between the source files and the files that test them.

  Args:
    paths: Paths of all Python files.
    broad: Paths of test files that belong to no single source file.
    elsewhere: Dictionary of the paths of source files without a test file of
      their own to the paths of the tests that cover them.

  Returns:
    List of sentences.
  """
  paths = set(paths)
  sources = {mirrored_test(path): path for path in modules(paths)}
  tests = {path for path in paths if path.endswith("_test.py")}
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
  problems = broken_mirror(files, BROAD_TESTS, TESTED_ELSEWHERE)
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
ELSEWHERE = {"lurl_tf/rule/signal.py": "tests/gradient_test.py"}


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
  assert broken_mirror(MIRRORED, broad, ELSEWHERE) == []
  paths = {*MIRRORED, added} - {removed, None}
  problems = broken_mirror(paths, broad, ELSEWHERE)
  assert any(problem in found for found in problems), problems
