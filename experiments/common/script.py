# SPDX-License-Identifier: Apache-2.0
"""Start of every script: flags, errors in one line, other libraries' messages.

```python
def main() -> None:
  with script.errors_in_one_line():
    ...  # reads flags and data
  ...  # long work


if __name__ == "__main__":
  script.run(main, required=["logdir"])
```
"""

import contextlib
import sys
from collections.abc import Callable, Iterator, Sequence

import tensorflow_datasets as tfds
from absl import app, flags, logging

from experiments.common import quiet_start


def run(main: Callable[[], None], required: Sequence[str] = ()) -> None:
  """Parses the flags, runs a script and exits.

  Args:
    main: Function without arguments that runs the script.
    required: Names of flags that must be given.

  Raises:
    SystemExit: always, with the script's exit status. `OSError`, such as a full
      disk, ends the script with one line.
  """

  def run_with_flags_only(argv: Sequence[str]) -> None:
    if len(argv) > 1:
      raise app.UsageError(f"Only flags are taken. Received: {argv[1:]}")
    if not quiet_start.is_verbose():
      _quiet_libraries()
    with errors_in_one_line():
      refuse_other_flags(sys.argv[0])
    with errors_in_one_line((OSError,)):
      main()

  for name in required:
    flags.mark_flag_as_required(name)
  app.run(run_with_flags_only)


def refuse_other_flags(module: str) -> None:
  """Checks that the user gave no flag that the script does not read.

  Importing a module of flags defines all of them. A script reads its key flags:
  those that it defines, declares or adopts, which `--help` lists.

  Args:
    module: Name of the script's module; `sys.argv[0]` for the main module.

  Raises:
    ValueError: if a flag of another module of `experiments` was given.
  """
  taken = {flag.name for flag in flags.FLAGS.get_key_flags_for_module(module)}
  for name, own_flags in flags.FLAGS.flags_by_module_dict().items():
    for flag in own_flags:
      is_ours = name.startswith("experiments.")
      if is_ours and flag.present and flag.name not in taken:
        raise ValueError(
          f"This script takes no --{flag.name}. "
          f"Received: --{flag.name}={flag.value}"
        )


@contextlib.contextmanager
def errors_in_one_line(
  types: tuple[type[Exception], ...] = (LookupError, OSError, ValueError),
) -> Iterator[None]:
  """Replaces the traceback of a user's error by the line `Error: ...`.

  Only for code that checks what the user gave. In long work a `ValueError` is
  an error of the program, whose traceback is needed.

  Args:
    types: Exceptions to replace.

  Raises:
    SystemExit: in place of the exception.
  """
  try:
    yield
  except types as error:
    raise SystemExit(f"Error: {error}") from error


def _quiet_libraries() -> None:
  """Turns off messages of TFDS and TensorBoard."""
  if not flags.FLAGS["verbosity"].present:
    # Both log every file that they open.
    logging.set_verbosity(logging.WARNING)
  tfds.disable_progress_bar()
  # A script prepares no data sets but the generated ones of this package. TFDS
  # has no option for what it prints before and after.
  tfds.core.DatasetBuilder._log_download_bytes = _print_generation
  tfds.core.DatasetBuilder._log_download_done = lambda builder: None


def _print_generation(builder: tfds.core.DatasetBuilder) -> None:
  print(
    f"Generating {builder.name}, only once, in {builder.data_dir}", flush=True
  )
