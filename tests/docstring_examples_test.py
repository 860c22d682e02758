# SPDX-License-Identifier: Apache-2.0
"""Runs the examples of all docstrings, and the Python blocks of the README."""

import ast
import doctest
import importlib
import pathlib
import re

import numpy as np
import pytest
import tensorflow as tf

import lurl_tf

ROOT = pathlib.Path(__file__).parents[1]
PACKAGES = ("lurl_tf", "experiments")


def module_names():
  files = (f for p in PACKAGES for f in (ROOT / p).rglob("*.py"))
  return sorted(
    ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(
      ".__init__"
    )
    for file in files
    if ">>>" in file.read_text()
  )


def test_there_are_examples():
  assert "lurl_tf.rule.inner_step" in module_names()


@pytest.mark.parametrize("name", module_names())
def test_docstring_examples(name):
  module = importlib.import_module(name)
  names = {**vars(module), "lurl_tf": lurl_tf, "np": np, "tf": tf}
  finder = doctest.DocTestFinder(exclude_empty=True)
  runner = doctest.DocTestRunner(
    optionflags=doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
  )
  for example in finder.find(module, name, module=module, globs=names):
    assert runner.run(example).failed == 0, example.name
  assert runner.summarize(verbose=False).attempted > 0


def test_python_blocks_of_the_readme_parse():
  blocks = (ROOT / "README.md").read_text().split("```python\n")[1:]
  assert blocks
  for block in blocks:
    ast.parse(block.split("```")[0])


def test_readme_six_lines(capsys):
  """The six lines run, and print the accuracy that stands below them."""
  section = (ROOT / "README.md").read_text().split("## Six lines")[1]
  block = section.split("```python\n")[1].split("```")[0]
  exec(compile(block, "README.md", "exec"), {})
  accuracy = float(capsys.readouterr().out.split()[-1])
  stated = float(re.search(r"prints (0\.\d+)", section)[1])
  assert accuracy == pytest.approx(stated, abs=0.02)
