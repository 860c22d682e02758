# SPDX-License-Identifier: Apache-2.0
"""Tests that BUILD files list what the Python files import.

They are read here as Python syntax, and share no code with the tool that writes
them.
"""

import ast
import graphlib
import posixpath
import re
import shutil
import subprocess
from collections.abc import Mapping
from typing import NamedTuple

import pytest

from tests import source_tree

pytestmark = pytest.mark.skipif(
  not source_tree.IS_WHOLE, reason="needs the whole checkout"
)

ADVICE = "\nRun: python -m tools.build_files --write"


class Target(NamedTuple):
  """Target with full labels, `//folder:name`, and paths from the root."""

  label: str
  kind: str
  sources: tuple[str, ...]
  dependencies: tuple[str, ...]
  packages: frozenset[str]


def absolute(label, folder):
  """`//folder:name` for a label as a folder's BUILD file has it."""
  if label.startswith(":"):
    return f"//{folder}{label}"
  if ":" not in label:
    return f"{label}:{posixpath.basename(label)}"
  return label


def read_targets(folder, text):
  """Yields the Python targets of a BUILD file."""
  for node in ast.parse(text).body:
    call = node.value if isinstance(node, ast.Expr) else None
    if not isinstance(call, ast.Call) or not call.func.id.startswith("py_"):
      continue
    values = {
      keyword.arg: ast.literal_eval(keyword.value)
      for keyword in call.keywords
      if keyword.arg in ("name", "srcs", "deps")
    }
    comment = re.search(
      r"# pip: (.*)", ast.get_source_segment(text, call) or ""
    )
    yield Target(
      absolute(f":{values['name']}", folder),
      call.func.id,
      tuple(posixpath.join(folder, source) for source in values["srcs"]),
      tuple(absolute(label, folder) for label in values.get("deps", ())),
      frozenset(comment[1].lower().split(", ") if comment else ()),
    )


def find_problems(files: Mapping[str, str], builds: Mapping[str, str]):
  """Problems of BUILD files.

  Args:
    files: Dictionary from paths to texts of all Python files.
    builds: Dictionary from folders to texts of all BUILD files.

  Returns:
    List of sentences; empty if there are no problems.
  """
  targets = [
    t for folder in builds for t in read_targets(folder, builds[folder])
  ]
  problems, owners = [], {}
  for path in files:
    of_path = [target for target in targets if path in target.sources]
    if len(of_path) == 1:
      owners[path] = of_path[0]
    else:
      problems.append(f"{path} has {len(of_path)} targets")
  for target in targets:
    if len(target.sources) != 1:
      problems.append(f"{target.label} has {len(target.sources)} sources")
    for source in set(target.sources) - set(files):
      problems.append(f"{target.label}: {source} does not exist")
  for path in owners:
    problems += find_target_problems(path, files, owners)
  graph = {target.label: target.dependencies for target in targets}
  try:
    graphlib.TopologicalSorter(graph).prepare()
  except graphlib.CycleError as error:
    problems.append(f"cycle: {error.args[1]}")
  return problems


def find_target_problems(path, files, owners):
  """Yields problems of the target of a file."""
  target = owners[path]
  kind = "py_test" if path.endswith("_test.py") else "py_library"
  if target.kind != kind:
    yield f"{target.label} is not a {kind}"
  imported = source_tree.imported_files(files[path], files)
  expected = {owners[file].label for file in imported if file in owners}
  stated = set(target.dependencies)
  if len(target.dependencies) != len(stated):
    yield f"{target.label} lists a dependency twice"
  for label in sorted(expected - stated):
    yield f"{target.label} does not list {label}"
  for label in sorted(stated - expected):
    yield f"{target.label} does not import {label}"
  own = {other.split("/")[0].removesuffix(".py") for other in files}
  packages = source_tree.pip_packages([files[path]], own)
  named = all(names & target.packages for names in packages)
  if not named or len(packages) != len(target.packages):
    yield f"{target.label}: the comment on pip is not {packages}"


def test_build_files_say_what_is_imported():
  files = source_tree.python_files()
  builds = {
    posixpath.dirname(path): (source_tree.ROOT / path).read_text()
    for path in {posixpath.join(posixpath.dirname(p), "BUILD") for p in files}
    if (source_tree.ROOT / path).is_file()
  }
  assert not (problems := find_problems(files, builds)), (
    "\n".join(problems) + ADVICE
  )
  labels = {
    t.label for folder in builds for t in read_targets(folder, builds[folder])
  }
  assert labels >= {
    "//:setup",
    "//experiments/common:results",
    "//lurl_tf:lurl_tf",
    "//lurl_tf:structures",
    "//lurl_tf/layers:local_rule_dense",
    "//lurl_tf/presets:storage",
    "//lurl_tf/rule/learned:update_rule",
    "//tests:build_files_test",
    "//tests/presets:storage_test",
  }


GOOD_FILES = {
  "library/__init__.py": "from library.b import f\n",
  "library/a.py": "import os\nimport numpy as np\n",
  "library/b.py": "def f():\n  from library import a\n",
  "library/b_test.py": "import library\nimport pytest\n",
}
GOOD_BUILD = """\
package(default_visibility = ["//visibility:public"])

py_library(
    name = "library",
    srcs = ["__init__.py"],
    deps = [":b"],
)

py_library(
    name = "a",
    srcs = ["a.py"],
    # pip: numpy
)

py_library(
    name = "b",
    srcs = ["b.py"],
    deps = ["//library:a"],
)

py_test(
    name = "b_test",
    srcs = ["b_test.py"],
    # pip: pytest
    deps = ["//library"],
)
"""


def test_good_example():
  assert find_problems(GOOD_FILES, {"library": GOOD_BUILD}) == []


@pytest.mark.parametrize(
  ("old", "new", "problem"),
  [
    ('deps = [":b"]', "deps = []", "does not list //library:b"),
    ('deps = [":b"]', 'deps = [":a", ":b"]', "does not import //library:a"),
    ('deps = [":b"]', 'deps = [":b", ":b"]', "lists a dependency twice"),
    ('"//library:a"', '"//library"', "cycle: "),
    ('["b.py"]', '["c.py"]', "library/b.py has 0 targets"),
    ('["b.py"]', '["b.py", "a.py"]', "library/a.py has 2 targets"),
    ('["b.py"]', '["b.py", "c.py"]', "library/c.py does not exist"),
    ("py_test(", "py_library(", "//library:b_test is not a py_test"),
    ("    # pip: numpy\n", "", "//library:a: the comment on pip"),
    ("# pip: numpy", "# pip: numpy, scipy", "//library:a: the comment on pip"),
    ("# pip: numpy", "# pip: scipy", "//library:a: the comment on pip"),
  ],
)
def test_bad_examples(old, new, problem):
  assert old in GOOD_BUILD
  build = GOOD_BUILD.replace(old, new)
  problems = find_problems(GOOD_FILES, {"library": build})
  assert any(problem in found for found in problems), problems


@pytest.mark.slow
def test_bazel_loads_all_targets(tmp_path):
  if not shutil.which("bazel"):
    pytest.skip("bazel is not installed (on Debian: bazel-bootstrap)")
  output = subprocess.run(
    ["bazel", "--batch", f"--output_user_root={tmp_path}", "query", "//..."],
    cwd=source_tree.ROOT,
    stdout=subprocess.PIPE,
    text=True,
    check=True,
  ).stdout.split()
  assert {
    "//:lurl_tf",
    "//lurl_tf/presets:storage",
    "//tests/presets:storage_test",
  } <= set(output)
