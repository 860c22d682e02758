# SPDX-License-Identifier: Apache-2.0
"""Tests that imports go one way, and that some names stay in their room."""

import ast
import re
from collections.abc import Mapping

import pytest

from tests import source_tree

pytestmark = pytest.mark.skipif(
  not source_tree.IS_WHOLE, reason="needs the whole checkout"
)

# A room of the library may import rooms of lower rank, and leaves.
RANKS = {
  "activations": 0,
  "checks": 0,
  "features": 0,
  "files": 0,
  "json_fields": 0,
  "random_numbers": 0,
  "structures": 0,
  "optimizers": 1,
  "tasks": 1,
  "layers": 1,
  "readouts": 2,
  "rule": 2,
  "models": 3,
  "meta": 4,
  "baselines": 4,
  "evaluation": 5,
}
# They import the lowest rank only.
LEAVES = ("presets", "summaries")

FLAG_MODULES = ("absl.flags", "absl.app", "argparse", "optparse", "getopt")
ACCELERATOR = re.compile(r"TPU|GPU|(?<![a-zA-Z])[tg]pus?(?![a-z])")
SUMMARY = re.compile(r"(tf|tensorflow)(\.compat\.v[12])?\.summary")


def room(path):
  """`rule` of `lurl_tf/rule/...`; `lurl_tf` of its `__init__.py`."""
  parts = path.removesuffix(".py").split("/")
  if parts[0] != "lurl_tf" or parts == ["lurl_tf", "__init__"]:
    return parts[0]
  return parts[1]


def may_import(importer, imported):
  """Whether files of one room may import those of another."""
  if importer == imported:
    return True
  if importer in ("experiments", "lurl_tf"):
    known = imported in RANKS or imported in LEAVES
    return known or (importer, imported) == ("experiments", "lurl_tf")
  if importer in LEAVES:
    return RANKS.get(imported) == 0
  if imported in LEAVES:
    return RANKS.get(importer, 0) > 0
  if importer not in RANKS or imported not in RANKS:
    return False
  return RANKS[imported] < RANKS[importer]


def imports_between_rooms(files: Mapping[str, str]):
  """All `(importing path, imported path)` of library and experiments."""
  return [
    (path, imported)
    for path, text in files.items()
    if path.startswith(("lurl_tf/", "experiments/"))
    for imported in sorted(source_tree.imported_files(text, files))
  ]


def wrong_imports(files: Mapping[str, str]):
  return [
    f"{path} imports {imported}"
    for path, imported in imports_between_rooms(files)
    if not may_import(room(path), room(imported))
  ]


def names_and_texts(text):
  """All names and strings in a file's code; not comments and docstrings."""
  tree = ast.parse(text)
  docstrings = {
    id(node.body[0].value)
    for node in ast.walk(tree)
    if isinstance(
      node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
    )
    and ast.get_docstring(node) is not None
  }
  for node in ast.walk(tree):
    if isinstance(node, ast.Constant):
      if isinstance(node.value, str) and id(node) not in docstrings:
        yield node.value
    else:
      for field in ("id", "attr", "arg", "name", "asname", "module"):
        if isinstance(getattr(node, field, None), str):
          yield getattr(node, field)


def misplaced_names(files: Mapping[str, str]):
  """Accelerators, flags and summaries outside the room that is for them."""
  problems = []
  for path, text in files.items():
    if not path.startswith("lurl_tf/"):
      continue
    imported = set(source_tree.imported_names(text))
    if path != "lurl_tf/meta/strategy.py":
      problems += [
        f"{path} names an accelerator: {name!r}"
        for name in names_and_texts(text)
        if ACCELERATOR.search(name)
      ]
    if path != "lurl_tf/summaries.py":
      used = [
        ast.unparse(node)
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Attribute)
      ]
      problems += [
        f"{path} writes summaries: {name}"
        for name in [*filter(SUMMARY.fullmatch, used), *imported]
        if SUMMARY.match(name)
      ]
    problems += [
      f"{path} reads flags: {name}"
      for name in imported
      if name.startswith(FLAG_MODULES)
    ]
  return problems


def test_imports_go_one_way():
  files = source_tree.python_files()
  assert not (problems := wrong_imports(files)), "\n".join(problems)
  seen = {(room(a), room(b)) for a, b in imports_between_rooms(files)}
  assert seen >= {
    ("layers", "structures"),
    ("lurl_tf", "rule"),
    ("meta", "rule"),
    ("presets", "structures"),
    ("rule", "layers"),
  }


def test_names_stay_in_their_room():
  files = source_tree.python_files()
  assert len([path for path in files if path.startswith("lurl_tf/")]) > 20
  assert not (problems := misplaced_names(files)), "\n".join(problems)


@pytest.mark.parametrize(
  ("path", "text"),
  [
    ("lurl_tf/structures.py", "import lurl_tf.presets"),
    ("lurl_tf/layers/dense.py", "from lurl_tf.tasks import digits"),
    ("lurl_tf/layers/dense.py", "from lurl_tf import rule"),
    ("lurl_tf/rule/update.py", "def f():\n  from lurl_tf.meta import trainer"),
    ("lurl_tf/rule/update.py", "import lurl_tf"),
    ("lurl_tf/presets/save.py", "from lurl_tf.rule import update"),
    ("lurl_tf/summaries.py", "from lurl_tf.presets import save"),
    ("lurl_tf/meta/trainer.py", "from experiments import train"),
    ("lurl_tf/unheard_of.py", "from lurl_tf import structures"),
    ("experiments/train.py", "from tests import helper"),
  ],
)
def test_a_wrong_import_is_found(path, text):
  others = (
    "lurl_tf/__init__.py",
    "lurl_tf/layers/dense.py",
    "lurl_tf/meta/trainer.py",
    "lurl_tf/presets/__init__.py",
    "lurl_tf/presets/save.py",
    "lurl_tf/rule/__init__.py",
    "lurl_tf/rule/update.py",
    "lurl_tf/structures.py",
    "lurl_tf/tasks/digits.py",
    "experiments/train.py",
    "tests/helper.py",
  )
  files = dict.fromkeys(others, "") | {
    "lurl_tf/evaluation.py": "from lurl_tf.meta import trainer\n"
    "from lurl_tf import structures\nfrom lurl_tf.presets import save\n",
    "lurl_tf/meta/other.py": "from lurl_tf.meta import trainer",
  }
  assert not wrong_imports(files)
  (problem,) = wrong_imports(files | {path: text})
  assert problem.startswith(f"{path} imports ")


@pytest.mark.parametrize(
  ("text", "kind"),
  [
    ("import tensorflow as tf\ntf.distribute.TPUStrategy()", "accelerator"),
    ("def on_gpu():\n  pass", "accelerator"),
    ("def f(*, tpu=None):\n  pass", "accelerator"),
    ("tf.device('/gpu:0')", "accelerator"),
    ("import tensorflow as tf\ntf.summary.scalar('a', 1)", "summaries"),
    ("from tensorflow import summary", "summaries"),
    ("tf.compat.v1.summary.scalar('a', 1)", "summaries"),
    ("from absl import flags", "flags"),
    ("import absl.flags", "flags"),
    ("import argparse", "flags"),
  ],
)
def test_a_misplaced_name_is_found(text, kind):
  (problem,) = misplaced_names({"lurl_tf/rule/update.py": text})
  assert kind in problem


@pytest.mark.parametrize(
  ("path", "text"),
  [
    ("lurl_tf/rule/update.py", '"""Runs on a GPU."""\noutput = 1  # TPU'),
    ("lurl_tf/rule/update.py", "model.summary()\noutputs = compute_outputs()"),
    ("lurl_tf/rule/update.py", "from absl import logging"),
    ("lurl_tf/meta/strategy.py", "tf.distribute.TPUStrategy()"),
    ("lurl_tf/summaries.py", "tf.summary.scalar('a', 1)"),
    ("experiments/train.py", "from absl import flags"),
  ],
)
def test_a_name_in_its_place_is_let_pass(path, text):
  assert misplaced_names({path: text}) == []
