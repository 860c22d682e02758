# SPDX-License-Identifier: Apache-2.0
"""Tests that imports go one way, and that some names stay in their package."""

import ast
import graphlib
import re
from collections.abc import Mapping

import pytest

from tests import source_tree

pytestmark = pytest.mark.skipif(
  not source_tree.IS_WHOLE, reason="needs the whole checkout"
)

# A package of the library may import packages of lower rank, and leaves.
RANKS = {
  "activations": 0,
  "checks": 0,
  "features": 0,
  "files": 0,
  "json_fields": 0,
  "random_numbers": 0,
  "structures": 0,
  "tables": 0,
  "layers": 1,
  "optimizers": 1,
  "tasks": 1,
  "encoders": 2,
  "readouts": 2,
  "rule": 2,
  "embeddings": 3,
  "few_shot": 3,
  "models": 3,
  "pseudolabels": 3,
  "ttt": 3,
  "baselines": 4,
  "meta": 4,
  "evaluation": 5,
}
# They import the lowest rank only.
LEAVES = ("presets", "summaries")

FLAG_MODULES = ("absl.flags", "absl.app", "argparse", "optparse", "getopt")
ACCELERATOR = re.compile(r"TPU|GPU|(?<![a-zA-Z])[tg]pus?(?![a-z])")
# A string that is the name of a device or of a kind of devices.
DEVICE = re.compile(
  r"(/?(job|task|replica):\w+)*/?(device:)?[TG]PU(:[\d*]+)?", re.IGNORECASE
)
SUMMARY = re.compile(r"(tf|tensorflow)(\.compat\.v[12])?\.summary")


def package_of(path):
  """`rule` of `lurl_tf/rule/...`; `lurl_tf` of its `__init__.py`."""
  parts = path.removesuffix(".py").split("/")
  if parts[0] != "lurl_tf" or parts == ["lurl_tf", "__init__"]:
    return parts[0]
  return parts[1]


def may_import(importer, imported):
  """Whether files of one package may import those of another."""
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


def import_graph(files: Mapping[str, str]):
  """Path to imported paths, for all files of library and experiments."""
  return {
    path: sorted(source_tree.imported_files(text, files))
    for path, text in files.items()
    if path.startswith(("lurl_tf/", "experiments/"))
  }


def imports_between_packages(files: Mapping[str, str]):
  """All `(importing path, imported path)` of library and experiments."""
  return [
    (path, imported)
    for path, all_imported in import_graph(files).items()
    for imported in all_imported
  ]


def wrong_imports(files: Mapping[str, str]):
  return [
    f"{path} imports {imported}"
    for path, imported in imports_between_packages(files)
    if not may_import(package_of(path), package_of(imported))
  ]


def find_circle(files: Mapping[str, str]):
  """Paths of files that import each other in a circle; empty if none do."""
  try:
    graphlib.TopologicalSorter(import_graph(files)).prepare()
  except graphlib.CycleError as error:
    return error.args[1]
  return []


def accelerator_uses(text):
  """Uses of what TensorFlow and others offer for GPUs and TPUs in a file.

  They are imports and attributes that are named after an accelerator, and
  strings that are names of devices. Functions of this library, messages,
  comments and docstrings may be named after or name any device.
  """
  tree = ast.parse(text)
  own = {
    alias.asname or alias.name
    for node in ast.walk(tree)
    if isinstance(node, ast.ImportFrom) and node.module.startswith("lurl_tf")
    for alias in node.names
  }
  for node in ast.walk(tree):
    if isinstance(node, ast.Attribute) and ACCELERATOR.search(node.attr):
      name = ast.unparse(node)
      if name.split(".")[0] not in own:
        yield name
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
      if DEVICE.fullmatch(node.value):
        yield repr(node.value)
  for name in source_tree.imported_names(text):
    if not name.startswith("lurl_tf.") and ACCELERATOR.search(name):
      yield name


def misplaced_names(files: Mapping[str, str]):
  """Accelerators, flags and summaries outside the package that is for them."""
  problems = []
  for path, text in files.items():
    if not path.startswith("lurl_tf/"):
      continue
    imported = set(source_tree.imported_names(text))
    if path != "lurl_tf/meta/strategy.py":
      problems += [
        f"{path} uses an accelerator: {name}" for name in accelerator_uses(text)
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
  seen = {
    (package_of(a), package_of(b)) for a, b in imports_between_packages(files)
  }
  assert seen >= {
    ("layers", "structures"),
    ("lurl_tf", "rule"),
    ("meta", "rule"),
    ("presets", "structures"),
    ("rule", "layers"),
  }


def test_names_stay_in_their_package():
  files = source_tree.python_files()
  assert len([path for path in files if path.startswith("lurl_tf/")]) > 20
  assert not (problems := misplaced_names(files)), "\n".join(problems)


def test_no_files_import_each_other_in_a_circle():
  assert find_circle(source_tree.python_files()) == []


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
  "text",
  [
    "from lurl_tf.rule import one",
    "import lurl_tf.rule.one",
    "def f():\n  from lurl_tf.rule.one import name",
    "from lurl_tf.rule import name",
  ],
)
def test_a_circle_is_found(text):
  files = {
    "lurl_tf/rule/__init__.py": "from lurl_tf.rule.one import name",
    "lurl_tf/rule/one.py": "from lurl_tf.rule import two",
    "lurl_tf/rule/two.py": "from lurl_tf.rule import three",
    "lurl_tf/rule/three.py": "",
  }
  assert find_circle(files) == []
  circle = find_circle(files | {"lurl_tf/rule/three.py": text})
  assert set(circle) >= {f"lurl_tf/rule/{n}.py" for n in ("one", "three")}


@pytest.mark.parametrize(
  ("text", "kind"),
  [
    ("import tensorflow as tf\ntf.distribute.TPUStrategy()", "accelerator"),
    ("is_tpu = isinstance(x, tf.distribute.TPUStrategy)", "accelerator"),
    ("from tensorflow.distribute import TPUStrategy", "accelerator"),
    ("import tensorflow.tpu", "accelerator"),
    ("tf.tpu.experimental()", "accelerator"),
    ("tf.test.is_gpu_available()", "accelerator"),
    ("tf.config.list_physical_devices('GPU')", "accelerator"),
    ("tf.config.list_logical_devices(device_type='TPU')", "accelerator"),
    ("tf.device('/gpu:0')", "accelerator"),
    ("tf.device('/device:GPU:*')", "accelerator"),
    ("tf.device('/job:worker/task:0/device:TPU:1')", "accelerator"),
    ("found = device.device_type == 'GPU'", "accelerator"),
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
    ("lurl_tf/rule/update.py", "raise ValueError('A GPU is needed, or TPUs.')"),
    ("lurl_tf/rule/update.py", "def f(*, tpu=None):\n  on_gpu = tpu"),
    (
      "lurl_tf/rule/update.py",
      "from lurl_tf.meta import strategy\nstrategy.has_gpu()",
    ),
    ("lurl_tf/rule/update.py", "model.summary()\noutputs = compute_outputs()"),
    ("lurl_tf/rule/update.py", "from absl import logging"),
    ("lurl_tf/meta/strategy.py", "tf.distribute.TPUStrategy()"),
    ("lurl_tf/summaries.py", "tf.summary.scalar('a', 1)"),
    ("experiments/train.py", "from absl import flags"),
  ],
)
def test_a_name_in_its_place_passes(path, text):
  assert misplaced_names({path: text}) == []
