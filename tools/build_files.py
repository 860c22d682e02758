# SPDX-License-Identifier: Apache-2.0
r"""Writes the BUILD files from the imports of the Python files.

Every Python file has one target: a `py_test` for `*_test.py`, a `py_library`
for every other file, named after the file. The target of an `__init__.py` is
named after its folder: `//lurl_tf/layers` is what `import lurl_tf.layers` runs.
A target depends on the `__init__.py` of its own folder only if it imports
names from it: Bazel creates missing ones. First-party imports become `deps`; a
comment lists the pip packages.

Example:

```
python -m tools.build_files --write
```

Without `--write` it lists the files that would change, and its exit code is 1
if there are any.
"""

import argparse
import ast
import os
import pathlib
import sys
from collections.abc import Iterator

ROOT = pathlib.Path(__file__).parents[1]
FIRST_PARTY = ("experiments", "lurl_tf", "tests", "tools")

# Names on PyPI that differ from the name in the import statement.
PIP_NAMES = {
  "PIL": "Pillow",
  "absl": "absl-py",
  "sklearn": "scikit-learn",
  "tensorflow_datasets": "tensorflow-datasets",
}

# Files that a target reads at run time, as Bazel expressions.
DATA = {
  "lurl_tf/presets/catalogue.py": 'glob(["shipped/**", "starts/**"])',
}

# The macro runs pytest: the native rule would import a file of test functions
# and call none of them.
LOAD_TEST = 'load("//tools:py_test.bzl", "py_test")'

PACKAGE = 'package(default_visibility = ["//visibility:public"])'
EXTRA = {
  "": """\
licenses(["notice"])  # Apache-2.0

exports_files(["LICENSE"])

alias(
    name = "lurl_tf",
    actual = "//lurl_tf",
)
""",
  "tests": """\
filegroup(
    name = "golden",
    srcs = glob([
        "fixtures/**",
        "golden/**",
    ]),
)
""",
  "tools": 'exports_files(["run_pytest.py"])\n',
}


def main(arguments: list[str] | None = None) -> int:
  """Writes or checks the BUILD files of this repository.

  Args:
    arguments: Command-line arguments; `sys.argv` by default.

  Returns:
    Integer exit code: 1 if files differ and `--write` is not given.
  """
  parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
  parser.add_argument("--write", action="store_true", help="write the files")
  options = parser.parse_args(arguments)
  changed = 0
  for folder, text in sorted(build_files(ROOT).items()):
    file = ROOT / folder / "BUILD"
    if file.exists() and file.read_text() == text:
      continue
    changed += 1
    print(file.relative_to(ROOT))
    if options.write:
      file.write_text(text)
  return 1 if changed and not options.write else 0


def build_files(root: pathlib.Path) -> dict[str, str]:
  """Text of every BUILD file.

  Args:
    root: Path of the repository.

  Returns:
    Dictionary from folders, relative to `root`, to texts of BUILD files.
  """
  targets: dict[str, list[str]] = {}
  for path in python_files(root):
    folder = os.path.dirname(path)
    targets.setdefault(folder, []).append(target(root, path))
  return {
    folder: _build_file(folder, texts) for folder, texts in targets.items()
  }


def python_files(root: pathlib.Path) -> list[str]:
  """Sorted paths of the repository's Python files, relative to `root`."""
  files = list(root.glob("*.py"))
  for folder in FIRST_PARTY:
    files += (root / folder).rglob("*.py")
  return sorted(file.relative_to(root).as_posix() for file in files)


def target(root: pathlib.Path, path: str) -> str:
  """Bazel target of one Python file.

  Args:
    root: Path of the repository.
    path: Path of the file, relative to `root`.

  Returns:
    Text of the target.

  Raises:
    ValueError: If the file imports a missing file of this repository.
  """
  folder, file = os.path.split(path)
  kind = "py_test" if file.endswith("_test.py") else "py_library"
  labels, packages = set(), set()
  for module, name in imports(ast.parse((root / path).read_text())):
    if module.split(".")[0] in FIRST_PARTY:
      imported = _imported_file(root, module, name)
      if imported is None:
        raise ValueError(
          "Imports of this repository must be of files that exist. "
          f"Received: path={path!r}, module={module!r}"
        )
      labels.add(label(imported, folder))
    elif module.split(".")[0] not in sys.stdlib_module_names:
      package = module.split(".")[0]
      packages.add(PIP_NAMES.get(package, package))
  lines = [f'name = "{target_name(path)}",', f'srcs = ["{file}"],']
  if path in DATA:
    lines.append(f"data = {DATA[path]},")
  if packages:
    lines.append(f"# pip: {', '.join(sorted(packages, key=str.lower))}")
  if labels:
    lines += _list("deps", sorted(labels, key=_sort_key))
  body = "".join(f"    {line}\n" for line in lines)
  return f"{kind}(\n{body})\n"


def imports(tree: ast.AST) -> Iterator[tuple[str, str | None]]:
  """Every import in a file, including those within functions.

  Args:
    tree: Syntax tree of the file.

  Yields:
    `(module, None)` for `import module`, `(module, name)` for
    `from module import name`.

  Raises:
    ValueError: If an import is relative.
  """
  for node in ast.walk(tree):
    if isinstance(node, ast.Import):
      yield from ((alias.name, None) for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
      if node.level:
        raise ValueError(
          f"Imports must be absolute. Received: line={node.lineno}"
        )
      yield from ((node.module, alias.name) for alias in node.names)


def target_name(path: str) -> str:
  """Name of a file's target: its stem, or its folder's name for `__init__`."""
  folder, file = os.path.split(path)
  stem = file.removesuffix(".py")
  return os.path.basename(folder) if stem == "__init__" else stem


def label(path: str, from_folder: str) -> str:
  """Shortest label of a file's target within a BUILD file.

  Args:
    path: Path of the file, relative to the repository.
    from_folder: Folder of the BUILD file.

  Returns:
    `":name"`, `"//folder"` or `"//folder:name"`.
  """
  folder, name = os.path.dirname(path), target_name(path)
  if folder == from_folder:
    return f":{name}"
  if os.path.basename(folder) == name:
    return f"//{folder}"
  return f"//{folder}:{name}"


def _imported_file(
  root: pathlib.Path, module: str, name: str | None
) -> str | None:
  """Path of the imported module or of the package's `__init__.py`."""
  stem = module.replace(".", "/")
  stems = [f"{stem}/{name}", stem] if name else [stem]
  candidates = [s + end for s in stems for end in (".py", "/__init__.py")]
  return next((c for c in candidates if (root / c).is_file()), None)


def _build_file(folder: str, targets: list[str]) -> str:
  parts = [f"{PACKAGE}\n"]
  if any(text.startswith("py_test(") for text in targets):
    parts.insert(0, f"{LOAD_TEST}\n")
  if folder in EXTRA:
    parts.append(EXTRA[folder])
  return "\n".join(parts + targets)


def _list(attribute: str, values: list[str]) -> list[str]:
  if len(values) == 1:
    return [f'{attribute} = ["{values[0]}"],']
  return [
    f"{attribute} = [",
    *(f'    "{value}",' for value in values),
    "],",
  ]


def _sort_key(text: str) -> tuple[bool, str, str]:
  """Key for the order of Bazel's formatter: this folder's targets first."""
  folder, _, name = text.partition(":")
  return (text.startswith("//"), folder, name)


if __name__ == "__main__":
  sys.exit(main())
