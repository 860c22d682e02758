# SPDX-License-Identifier: Apache-2.0
"""Tests of setup.py: its requirements, and the wheel that it builds."""

import ast
import pathlib
import re
import shutil
import subprocess
import sys

import pytest

import lurl_tf
from lurl_tf.presets import catalogue
from tests import source_tree

pytestmark = pytest.mark.skipif(
  not source_tree.IS_WHOLE, reason="needs the whole checkout"
)


def setup_arguments():
  """Literal arguments of `setuptools.setup`."""
  tree = ast.parse((source_tree.ROOT / "setup.py").read_text())
  (call,) = (
    node.value
    for node in tree.body
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)
  )
  return {
    keyword.arg: ast.literal_eval(keyword.value)
    for keyword in call.keywords
    if keyword.arg != "packages"
  }


def project_names(requirements):
  return {re.match(r"[\w-]+", text)[0].lower() for text in requirements}


# They need an environment of their own.
TPU_FILES = ("experiments/speed/fake_tpu.py", "experiments/tpu_check.py")
TPU_REQUIREMENTS = "experiments/tpu_check_requirements.txt"


def packages_imported_below(*folders, besides=()):
  files = source_tree.python_files()
  texts = [
    files[path]
    for path in files
    if path.startswith(folders) and path not in besides
  ]
  own = {"lurl_tf", "experiments", "tests", "tools"}
  return source_tree.pip_packages(texts, own)


def test_version_is_that_of_the_library():
  assert setup_arguments()["version"] == lurl_tf.__version__


def test_installation_brings_what_is_imported():
  declared = project_names(setup_arguments()["install_requires"])
  imported = packages_imported_below(
    "lurl_tf/", "experiments/", besides=TPU_FILES
  )
  assert len(imported) >= 5
  undeclared = [names for names in imported if not names & declared]
  assert undeclared == []


def test_the_tpu_check_lists_what_it_imports():
  text = (source_tree.ROOT / TPU_REQUIREMENTS).read_text()
  lines = [line for line in text.splitlines() if not line.startswith("#")]
  # jax[tpu] brings jaxlib along.
  listed = project_names(lines) | {"jaxlib", "tensorflow"}
  assert "tensorflow-cpu" in listed
  imported = packages_imported_below("lurl_tf/", *TPU_FILES)
  assert {"jax"} in imported and {"libtpu"} in imported
  assert [names for names in imported if not names & listed] == []


def test_extra_brings_what_tests_import():
  arguments = setup_arguments()
  declared = project_names(
    arguments["install_requires"] + arguments["extras_require"]["test"]
  )
  imported = packages_imported_below("tests/", "tools/")
  assert {"pytest"} in imported
  undeclared = [names for names in imported if not names & declared]
  assert undeclared == []


def test_all_files_of_the_shipped_rules_are_packaged():
  folder = source_tree.ROOT / "lurl_tf" / "presets"
  patterns = setup_arguments()["package_data"]["lurl_tf.presets"]
  packaged = {file for pattern in patterns for file in folder.glob(pattern)}
  shipped = [
    file
    for name in ("shipped", "starts")
    for file in (folder / name).rglob("*")
    if file.is_file()
  ]
  assert len(shipped) >= 10
  assert set(shipped) <= packaged


@pytest.fixture(name="installed", scope="module")
def fixture_installed(tmp_path_factory):
  """A folder like site-packages, into which the wheel was unpacked."""
  source = tmp_path_factory.mktemp("source")
  for name in ("lurl_tf", "experiments"):
    shutil.copytree(
      source_tree.ROOT / name,
      source / name,
      ignore=shutil.ignore_patterns("__pycache__"),
    )
  for name in ("setup.py", "LICENSE"):
    shutil.copy(source_tree.ROOT / name, source)
  site = tmp_path_factory.mktemp("site")
  subprocess.run(
    [
      *(sys.executable, "-m", "pip", "install", "--quiet", "--no-deps"),
      *("--no-build-isolation", "--no-compile", "--no-index"),
      *("--target", str(site), str(source)),
    ],
    check=True,
    capture_output=True,
  )
  return site


def test_the_wheel_holds_the_library_and_nothing_else(installed):
  version = lurl_tf.__version__
  assert {path.name for path in installed.iterdir()} == {
    "lurl_tf",
    f"lurl_tf-{version}.dist-info",
  }
  library = source_tree.ROOT / "lurl_tf"
  for file in library.rglob("*.py"):
    name = file.relative_to(library)
    assert (installed / "lurl_tf" / name).read_text() == file.read_text()


@pytest.mark.parametrize(
  "name", [*lurl_tf.presets.available(), *lurl_tf.presets.starts(), "imitation"]
)
def test_every_rule_loads_from_the_wheel(installed, name, monkeypatch):
  presets = installed / "lurl_tf" / "presets"
  for constant, folder in (("SHIPPED", "shipped"), ("STARTS", "starts")):
    monkeypatch.setattr(catalogue, constant, presets / folder)
  assert installed in pathlib.Path(catalogue.find(name)).parents
  assert lurl_tf.presets.default() == "pooled"
  rule = lurl_tf.UpdateRule.from_preset(name)
  assert rule.metadata.command
