# SPDX-License-Identifier: Apache-2.0
"""A meta-training run by script, tiny, in a process that can be killed.

python -m tests.experiments.killed_run --logdir=... --num_steps=...
"""

from absl import app, flags

from experiments import meta_train
from tests import tiny_meta


def main(argv):
  with tiny_meta.tiny_data():
    meta_train.main()


if __name__ == "__main__":
  for name, value in tiny_meta.FLAGS.items():
    flags.FLAGS[name].default = None
    flags.FLAGS.set_default(name, value)
  app.run(main)
