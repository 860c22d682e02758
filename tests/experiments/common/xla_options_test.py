# SPDX-License-Identifier: Apache-2.0
"""Tests of the options that scripts give XLA."""

import os
import subprocess
import sys

import pytest
import tensorflow as tf

from experiments.common import xla_options

TREES = "--xla_disable_hlo_passes=tree_reduction_rewriter"
LEVEL = "--xla_backend_optimization_level=2"

# A sum of 4096 numbers, as XLA's program for processors has it.
PROGRAM = """
import tensorflow as tf
from experiments.common import xla_options

if {chosen}:
  xla_options.compile_less()
total = tf.function(lambda x: tf.reduce_sum(x * x), jit_compile=True)
ir = total.experimental_get_compiler_ir(tf.ones([4096]))
print(ir(stage="optimized_hlo"))
"""


@pytest.mark.parametrize(
  ("given", "expected"),
  [
    (None, f"{TREES} {LEVEL}"),
    ("", f"{TREES} {LEVEL}"),
    ("--xla_dump_to=/x", f"--xla_dump_to=/x {TREES} {LEVEL}"),
    (
      "--xla_backend_optimization_level=0",
      f"--xla_backend_optimization_level=0 {TREES}",
    ),
    (f"{LEVEL} {TREES}", f"{LEVEL} {TREES}"),
    ("options.txt", "options.txt"),
  ],
)
def test_what_the_user_chose_is_left(given, expected, monkeypatch):
  monkeypatch.delenv("XLA_FLAGS", raising=False)
  if given is not None:
    monkeypatch.setenv("XLA_FLAGS", given)
  xla_options.compile_less()
  assert os.environ["XLA_FLAGS"] == expected


def test_graphics_processors_keep_their_options(monkeypatch):
  monkeypatch.delenv("XLA_FLAGS", raising=False)
  monkeypatch.setattr(
    tf.config, "list_physical_devices", lambda kind: [kind] * 2
  )
  xla_options.compile_less()
  assert "XLA_FLAGS" not in os.environ


@pytest.mark.parametrize("chosen", [False, True])
def test_xla_reads_the_options(chosen):
  """They come after TensorFlow is imported: XLA must not have read them."""
  environment = {k: v for k, v in os.environ.items() if k != "XLA_FLAGS"}
  text = subprocess.run(
    [sys.executable, "-c", PROGRAM.format(chosen=chosen)],
    capture_output=True,
    check=True,
    text=True,
    env=environment,
  ).stdout
  assert " reduce(" in text
  assert (" reduce-window(" in text) == (not chosen)
