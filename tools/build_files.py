# SPDX-License-Identifier: Apache-2.0
r"""Writes the BUILD files from the imports of the Python files.

Every Python file has one target: a `py_test` for `*_test.py`, a `py_library`
for all else, named after the file. An `__init__.py` is the `py_library` named
after its folder, so that `//lurl_tf/layers` is what `import lurl_tf.layers`
runs. No target depends on the `__init__.py` of its own folder unless it imports
names from it: Bazel makes up missing ones. First-party imports become `deps`;
pip packages are named in a comment.

Example:

```
python -m tools.build_files --write
```

Without `--write` it lists the files that would change, and fails if any would.
"""

import argparse
import ast
import os
import pathlib
import sys
from collections.abc import Iterator

ROOT = pathlib.Path(__file__).parents[1]
FIRST_PARTY = ("experiments", "lurl_tf", "tests", "tools")

# Names on PyPI that are not the name in the import statement.
PIP_NAMES = {
  "PIL": "Pillow",
  "absl": "absl-py",
  "sklearn": "scikit-learn",
  "tensorflow_datasets": "tensorflow-datasets",
}

# Files that a target reads when it runs, as Bazel expressions.
DATA = {
  "lurl_tf/presets/catalogue.py": 'glob(["shipped/**"])',
}

# Macro in place of the native rule, which would run a file of pytest functions
# without calling any.
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
    arguments: of the command line; default: those of the program.

  Returns:
    Exit code: 1 if files differ and were not to be written.
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
    root: the repository.

  Returns:
    Folder, relative to `root`, to the text of its BUILD file.
  """
  targets: dict[str, list[str]] = {}
  for path in python_files(root):
    folder = os.path.dirname(path)
    targets.setdefault(folder, []).append(target(root, path))
  return {
    folder: _build_file(folder, texts) for folder, texts in targets.items()
  }


def python_files(root: pathlib.Path) -> list[str]:
  """Paths of the repository's Python files, relative to `root`, sorted."""
  files = list(root.glob("*.py"))
  for folder in FIRST_PARTY:
    files += (root / folder).rglob("*.py")
  return sorted(file.relative_to(root).as_posix() for file in files)


def target(root: pathlib.Path, path: str) -> str:
  """The Bazel target of one Python file.

  Args:
    root: the repository.
    path: of the file, relative to `root`.

  Returns:
    Text of the target.

  Raises:
    ValueError: if the file imports one of this repository that is not there.
  """
  folder, file = os.path.split(path)
  kind = "py_test" if file.endswith("_test.py") else "py_library"
  labels, packages = set(), set()
  for module, name in imports(ast.parse((root / path).read_text())):
    if module.split(".")[0] in FIRST_PARTY:
      imported = _imported_file(root, module, name)
      if imported is None:
        raise ValueError(
          "Expected imports of files of this repository. "
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
  """Every import in a file, also within functions.

  Args:
    tree: the parsed file.

  Yields:
    `(module, None)` for `import module`, `(module, name)` for
    `from module import name`.

  Raises:
    ValueError: if an import is relative.
  """
  for node in ast.walk(tree):
    if isinstance(node, ast.Import):
      yield from ((alias.name, None) for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
      if node.level:
        raise ValueError(
          f"Expected absolute imports. Received: line={node.lineno}"
        )
      yield from ((node.module, alias.name) for alias in node.names)


def target_name(path: str) -> str:
  """Name of the target of a file: its stem, or its folder for `__init__`."""
  folder, file = os.path.split(path)
  stem = file.removesuffix(".py")
  return os.path.basename(folder) if stem == "__init__" else stem


def label(path: str, from_folder: str) -> str:
  """Label of a file's target, as short as it is written in a BUILD file.

  Args:
    path: of the file, relative to the repository.
    from_folder: where the label is written.

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
  """The file that an import means: a module's, or a package's `__init__.py`."""
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
  """Order of Bazel's own formatter: this folder's targets first."""
  folder, _, name = text.partition(":")
  return (text.startswith("//"), folder, name)


if __name__ == "__main__":
  sys.exit(main())
