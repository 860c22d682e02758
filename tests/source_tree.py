# SPDX-License-Identifier: Apache-2.0
"""The repository's Python files and what they import, for structural tests."""

import ast
import functools
import importlib.metadata
import os
import pathlib
import sys
import types
from collections.abc import Iterable, Mapping

ROOT = pathlib.Path(__file__).parents[1]

# Structural tests need the whole checkout, which Bazel's sandbox does not show.
IS_WHOLE = (ROOT / "WORKSPACE").is_file()


@functools.cache
def python_files(root: pathlib.Path = ROOT) -> Mapping[str, str]:
  """Path, relative to the root, to text of all Python files but hidden ones."""
  found = {}
  for folder, subfolders, files in os.walk(root):
    subfolders[:] = [
      name
      for name in subfolders
      if not name.startswith((".", "__pycache__", "bazel-"))
      and not (pathlib.Path(folder) / name / "pyvenv.cfg").exists()
    ]
    for name in files:
      if name.endswith(".py"):
        file = pathlib.Path(folder) / name
        found[file.relative_to(root).as_posix()] = file.read_text()
  return types.MappingProxyType(found)


@functools.cache
def imported_names(text: str) -> tuple[str, ...]:
  """Dotted names: `a.b` of `import a.b`, `a.b.c` of `from a.b import c`."""
  names = []
  for node in ast.walk(ast.parse(text)):
    if isinstance(node, ast.Import):
      names += [alias.name for alias in node.names]
    elif isinstance(node, ast.ImportFrom):
      assert not node.level, f"relative import in line {node.lineno}"
      names += [f"{node.module}.{alias.name}" for alias in node.names]
  return tuple(names)


def imported_files(text: str, paths: Iterable[str]) -> set[str]:
  """Paths of the repository's files that a file imports.

  Args:
    text: Text of the importing file.
    paths: Paths of all files of the repository.

  Returns:
    Set of paths. A name that is not a module stands for the package or module
    that it is imported from.
  """
  modules = {
    path.removesuffix(".py").removesuffix("/__init__").replace("/", "."): path
    for path in paths
  }
  files = set()
  for name in imported_names(text):
    module = name if name in modules else name.rpartition(".")[0]
    if module in modules:
      files.add(modules[module])
  return files


def pip_packages(texts: Iterable[str], own: set[str]) -> list[set[str]]:
  """Possible names on PyPI of every package that files import.

  Args:
    texts: Texts of the importing files.
    own: Top-level names of the repository.

  Returns:
    A set of names in lower case per package; one of them is the package's.
  """
  tops = {name.split(".")[0] for text in texts for name in imported_names(text)}
  return [
    {name.lower() for name in _distributions().get(top, [top])}
    for top in sorted(tops - own - sys.stdlib_module_names)
  ]


@functools.cache
def _distributions():
  return importlib.metadata.packages_distributions()
