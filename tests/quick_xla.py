# SPDX-License-Identifier: Apache-2.0
"""XLA that compiles in less time what then runs slower, for a few steps.

Only for processes of their own: TensorFlow reads the flags when it starts.
"""

FLAGS = (
  "--xla_backend_optimization_level=0 --xla_llvm_disable_expensive_passes=true"
)
