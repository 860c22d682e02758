# SPDX-License-Identifier: Apache-2.0
"""Keeps TensorFlow's start-up messages off the terminal of the scripts.

TensorFlow writes to descriptor 2, from C++, while it is imported and while it
lists its devices. `TF_CPP_MIN_LOG_LEVEL` filters later messages, such as those
of XLA, but not these. `LURL_VERBOSE=1` shows everything.
"""

import contextlib
import os
import re
import sys
import tempfile
from collections.abc import Iterator

_VERBOSE = "LURL_VERBOSE"
_LOG_LEVEL = "TF_CPP_MIN_LOG_LEVEL"
# Errors are shown; warnings and information are not.
_ERRORS = "2"

# Lines of the C++ log, such as "I0000 00:00:1796086002.202586 11919 file.cc:31]
# ..." and "2026-12-01 00:00:00.123456: I file.cc:31] ...", and the lines that
# come with them.
_LOG_LINE = re.compile(
  rb"[IWE]\d{4} [\d:.]+ +\d+ \S+:\d+\] "
  rb"|\d{4}-\d\d-\d\d [\d:.]+: [IWE] \S+:\d+\] "
  rb"|WARNING: All log messages before absl::InitializeLog\(\) is called "
  rb"|To enable the following instructions: "
)


def is_verbose() -> bool:
  """Returns whether the user asked for the messages of TensorFlow.

  Returns:
    True if `LURL_VERBOSE` is set and not 0, or if `TF_CPP_MIN_LOG_LEVEL` is 0
    or 1.
  """
  if os.environ.get(_VERBOSE, "") not in ("", "0"):
    return True
  return os.environ.get(_LOG_LEVEL) in ("0", "1")


def import_tensorflow() -> None:
  """Imports TensorFlow and lists its devices, without their log messages.

  Does nothing if TensorFlow is already imported or the user asked for the
  messages. Listing the devices does not initialize them: `XLA_FLAGS`, visible
  devices and strategies can still be chosen.
  """
  if "tensorflow" in sys.modules or is_verbose():
    return
  os.environ.setdefault(_LOG_LEVEL, _ERRORS)
  with hold_log_lines():
    import tensorflow as tf

    tf.config.list_physical_devices()


@contextlib.contextmanager
def hold_log_lines(descriptor: int = 2) -> Iterator[None]:
  """Holds what is written to a file descriptor in the `with` block.

  When the block ends, the text is written without the lines of the C++ log. If
  the block raises an exception, the whole text is written.

  Args:
    descriptor: Integer file descriptor; 2 is the process's standard error.
  """
  try:
    terminal = os.dup(descriptor)
  except OSError:  # The process was started with the descriptor closed.
    yield
    return
  with os.fdopen(terminal, "wb") as output, tempfile.TemporaryFile() as held:
    _flush_stderr()
    os.dup2(held.fileno(), descriptor)
    failed = True
    try:
      yield
      failed = False
    finally:
      _flush_stderr()
      os.dup2(output.fileno(), descriptor)
      held.seek(0)
      output.writelines(
        line for line in held if failed or not _LOG_LINE.match(line)
      )


def _flush_stderr() -> None:
  if sys.stderr is not None:
    sys.stderr.flush()
