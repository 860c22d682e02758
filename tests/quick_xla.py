# SPDX-License-Identifier: Apache-2.0
"""XLA that compiles in less time what then runs slower, for a few steps."""

import os

_FLAGS = (
  "--xla_backend_optimization_level=0 --xla_llvm_disable_expensive_passes=true"
)


def environment():
  """Of a process of its own; flags that this one was given come first."""
  return {"XLA_FLAGS": _FLAGS, **os.environ}
