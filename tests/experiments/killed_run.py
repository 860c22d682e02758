# SPDX-License-Identifier: Apache-2.0
"""A meta-training run by script, tiny, in a process that can be killed.

python -m tests.experiments.killed_run --logdir=... --num_steps=...
"""

import sys

from absl import app

from experiments import meta_train
from tests import tiny_meta


def main(argv):
  with tiny_meta.tiny_data():
    meta_train.main()


if __name__ == "__main__":
  tiny = [f"--{name}={value}" for name, value in tiny_meta.FLAGS.items()]
  app.run(main, [sys.argv[0], *tiny, *sys.argv[1:]])
