# SPDX-License-Identifier: Apache-2.0
"""The repository's Python files and what they import, for structural tests."""

import ast
import functools
import importlib.metadata
import os
import pathlib
import sys
from collections.abc import Iterable, Iterator

ROOT = pathlib.Path(__file__).parents[1]

# Structural tests need the whole checkout, which Bazel's sandbox does not show.
IS_WHOLE = (ROOT / "WORKSPACE").is_file()


def python_files(root: pathlib.Path = ROOT) -> dict[str, str]:
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
  return found


def imported_names(text: str) -> Iterator[str]:
  """Dotted names: `a.b` of `import a.b`, `a.b.c` of `from a.b import c`."""
  for node in ast.walk(ast.parse(text)):
    if isinstance(node, ast.Import):
      yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
      assert not node.level, f"relative import in line {node.lineno}"
      yield from (f"{node.module}.{alias.name}" for alias in node.names)


def imported_files(text: str, paths: Iterable[str]) -> set[str]:
  """Which of the repository's files a file imports.

  Args:
    text: of the importing file.
    paths: of all files.

  Returns:
    Paths; of a name that is no module, that of the package or module it is in.
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
  """For each package that files import, the names it may have on PyPI.

  Args:
    texts: of the importing files.
    own: top-level names of the repository.

  Returns:
    Names in lower case; one of each set is that of the package.
  """
  tops = {name.split(".")[0] for text in texts for name in imported_names(text)}
  return [
    {name.lower() for name in _distributions().get(top, [top])}
    for top in sorted(tops - own - sys.stdlib_module_names)
  ]


@functools.cache
def _distributions():
  return importlib.metadata.packages_distributions()
