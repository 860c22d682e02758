# SPDX-License-Identifier: Apache-2.0
"""A meta-training run by script, tiny, in a process that can be killed.

python -m tests.experiments.killed_run --logdir=... --num_steps=...
"""

from unittest import mock

from absl import app, flags

from experiments import meta_train
from lurl_tf.tasks.distributions import loading
from tests import tiny_meta


def load_tiny(*_):
  """Four classes of twelve inputs in place of a data set."""
  return tiny_meta.make_examples()


def main(argv):
  with mock.patch.object(loading, "load_examples", load_tiny):
    meta_train.main(argv)


if __name__ == "__main__":
  for name, value in tiny_meta.FLAGS.items():
    flags.FLAGS[name].default = None
    flags.FLAGS.set_default(name, value)
  app.run(main)
