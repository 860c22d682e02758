# SPDX-License-Identifier: Apache-2.0
"""Tests that files are short, and that public functions are documented."""

import ast
from collections.abc import Mapping

import pytest

from tests import source_tree

pytestmark = pytest.mark.skipif(
  not source_tree.IS_WHOLE, reason="needs the whole checkout"
)

MAX_LINES = 400
LICENSE_LINE = "# SPDX-License-Identifier: Apache-2.0\n"

# Methods that Keras calls and documents.
KERAS_METHODS = (
  "build",
  "call",
  "compile",
  "compile_from_config",
  "compute_output_shape",
  "export",
  "from_config",
  "get_compile_config",
  "get_config",
  "load_own_variables",
  "metrics",
  "save_own_variables",
  "test_step",
  "train_on_batch",
  "train_step",
)


def public_definitions(text):
  """Public classes, their public methods, and public functions."""
  kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
  for node in ast.parse(text).body:
    if not isinstance(node, kinds) or node.name.startswith("_"):
      continue
    yield node.name, node
    if isinstance(node, ast.ClassDef):
      for member in node.body:
        name = f"{node.name}.{getattr(member, 'name', '')}"
        is_method = isinstance(member, kinds[:2])
        if is_method and not member.name.startswith("_"):
          if member.name not in KERAS_METHODS:
            yield name, member


def lacks_annotation(function):
  """Names of arguments, or `return`, without a type."""
  arguments = function.args
  named = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
  missing = [
    argument.arg
    for argument in named
    if argument.annotation is None and argument.arg not in ("self", "cls")
  ]
  return missing + (["return"] if function.returns is None else [])


def find_problems(files: Mapping[str, str]):
  """Sentences on problems with the style of files."""
  problems = []
  for path, text in files.items():
    lines = text.count("\n")
    if lines > MAX_LINES:
      problems.append(f"{path} has {lines} lines, more than {MAX_LINES}")
    if not text.startswith(LICENSE_LINE):
      problems.append(f"{path} does not begin with the licence")
    if path.startswith("tests/") or path == "setup.py":
      continue
    for name, node in public_definitions(text):
      if not ast.get_docstring(node):
        problems.append(f"{path}: {name} has no docstring")
      if not isinstance(node, ast.ClassDef):
        for missing in lacks_annotation(node):
          problems.append(f"{path}: {name} has no type of `{missing}`")
  return problems


def test_style_of_all_files():
  files = source_tree.python_files()
  assert not (problems := find_problems(files)), "\n".join(problems)
  seen = {
    f"{path}: {name}"
    for path, text in files.items()
    for name, _ in public_definitions(text)
  }
  assert seen >= {
    "experiments/common/results.py: write_results",
    "lurl_tf/layers/forward_pass.py: forward",
    "lurl_tf/layers/local_rule_dense.py: LocalRuleDense.layer_weights",
    "lurl_tf/presets/storage.py: load",
    "lurl_tf/rule/learned/update_rule.py: UpdateRule.meta_parameters",
  }


@pytest.mark.parametrize(
  ("text", "expected"),
  [
    ("\n" * 400, "has 401 lines"),
    ("def f() -> None:\n  pass\n", "f has no docstring"),
    ('def f(a, *, b: int) -> int:\n  """."""\n', "no type of `a`"),
    ('def f(a: int, *, b) -> int:\n  """."""\n', "no type of `b`"),
    ('def f(a: int):\n  """."""\n', "f has no type of `return`"),
    ("class C:\n  pass\n", "C has no docstring"),
    (
      'class C:\n  """."""\n  def f(self) -> None:\n    pass\n',
      "C.f has no docstring",
    ),
    (
      'class C:\n  """."""\n  def f(self):\n    """."""\n',
      "C.f has no type of `return`",
    ),
  ],
)
def test_a_problem_is_found(text, expected):
  (problem,) = find_problems({"lurl_tf/a.py": LICENSE_LINE + text})
  assert expected in problem


def test_a_missing_licence_is_found():
  (problem,) = find_problems({"tests/a_test.py": "def f(): pass\n"})
  assert "licence" in problem


@pytest.mark.parametrize(
  "text",
  [
    "\n" * 399,
    "def _f(a):\n  pass\n",
    'def f(a: int, *b, **c) -> int:\n  """."""\n  def g(d):\n    pass\n',
    'class C:\n  """."""\n  def call(self, a):\n    pass\n',
    'class C:\n  """."""\n  def __init__(self, a):\n    pass\n',
  ],
)
def test_good_style_is_let_pass(text):
  assert find_problems({"lurl_tf/a.py": LICENSE_LINE + text}) == []
