# SPDX-License-Identifier: Apache-2.0
"""Many outer steps of five buckets, in a process of their own.

python -m tests.meta.steady_run file
"""

import ctypes
import json
import pathlib
import sys

from tests import tiny_meta

STEPS = 500


def resident_megabytes():
  """Memory that this process needs now."""
  # What it no longer needs glibc gives back at some moment of its own choice.
  ctypes.CDLL(None).malloc_trim(0)
  for line in pathlib.Path("/proc/self/status").read_text().splitlines():
    if line.startswith("VmRSS:"):
      return int(line.split()[1]) / 1e3
  raise OSError("no VmRSS in /proc/self/status")


def run(path):
  """Writes traces and memory after 50 and after all steps."""
  units = ((4,), (5,), (6,), (5, 6), (6, 6))
  config = tiny_meta.make_config(
    tasks=tiny_meta.make_tasks(*units), slots=2, unroll={"max_steps": 2}
  )
  trainer, rows = tiny_meta.make_trainer(config), []

  def on_step(step, metrics):
    if step in (50, STEPS):
      rows.append([step, trainer.trace_count, resident_megabytes()])

  trainer.train(STEPS, on_step)
  path.write_text(json.dumps(rows))


if __name__ == "__main__":
  run(pathlib.Path(sys.argv[1]))
