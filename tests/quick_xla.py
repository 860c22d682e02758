# SPDX-License-Identifier: Apache-2.0
"""XLA options with which programs compile sooner and then run slower."""

import os

_FLAGS = (
  "--xla_backend_optimization_level=0 --xla_llvm_disable_expensive_passes=true"
)


def use() -> None:
  """Chooses the options for this process and those that it starts.

  XLA reads them once, when it compiles for the first time. Options in the
  environment take precedence.
  """
  os.environ.setdefault("XLA_FLAGS", _FLAGS)


def is_used() -> bool:
  """Whether this process has the quick options."""
  return os.environ.get("XLA_FLAGS") == _FLAGS


def default_environment() -> dict[str, str]:
  """Environment of a process that compiles with XLA's default options."""
  # Empty, not missing: a missing value is replaced by `use`.
  return {**os.environ, **({"XLA_FLAGS": ""} if is_used() else {})}
