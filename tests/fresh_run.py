# SPDX-License-Identifier: Apache-2.0
"""Twenty outer steps in a process of their own, for tests of repeatability.

python -m tests.fresh_run sizes folder first
python -m tests.fresh_run sizes folder second

The first process writes its state after 10 and 20 steps. The second goes on
from the first one's 10 steps to 20, and does all 20 steps by itself as well.
"""

import dataclasses
import pathlib
import sys

import numpy as np
from absl import flags

from experiments import meta_train
from lurl_tf.meta.inner.unroll_config import UnrollConfig
from lurl_tf.meta.train_config import MetaTrainConfig
from lurl_tf.structures import LabelledExamples, RuleConfig
from lurl_tf.tasks.distributions import Bucket, DataSource, TaskDistribution
from lurl_tf.tasks.episodes import EpisodeConfig
from tests import tiny_meta


def random_images(classes, size):
  """Bytes; what they show does not matter here."""
  generator = np.random.default_rng(0)
  labels = np.repeat(np.arange(classes), 30).astype(np.int32)
  inputs = generator.integers(0, 256, (len(labels), size**2), np.uint8)
  names = tuple(f"class_{k}" for k in range(classes))
  return LabelledExamples(inputs, labels, names, (size, size, 1))


def tiny():
  """As tests in one process have it."""
  config = tiny_meta.make_config(
    units=(6,), slots=2, learn_inner_rates=True, decay_steps=30
  )
  return config, tiny_meta.make_examples()


def tiny_graph():
  """The same for the published mixing, as a graph."""
  config = tiny_meta.make_config(
    "published", units=(6,), slots=2, unroll={"compiler": "graph"}
  )
  return config, tiny_meta.make_examples()


def main_job():
  """The defaults of `experiments.meta_train`."""
  flags.FLAGS.mark_as_parsed()
  return meta_train.config_from_flags(), random_images(26, 8)


def published():
  """The published rule and base network, as by default; few slots and steps."""
  config = MetaTrainConfig(
    rule=RuleConfig(),
    unroll=UnrollConfig(
      max_steps=2, recompute="elementwise", convolutions="winograd"
    ),
    tasks=TaskDistribution(
      sources=(DataSource("random"),),
      buckets=(
        Bucket(
          (128, 128, 128, 128, 32),
          image_size=14,
          episodes=EpisodeConfig(batch_size=128),
        ),
      ),
    ),
    slots=1,
    min_truncation=1,
    min_horizon=8,
    max_horizon=12,
    inner_learning_rates=(1e-4,),
  )
  return config, random_images(10, 14)


def published_graph():
  """The same, as a graph of TensorFlow's own operations."""
  config, examples = published()
  unroll = UnrollConfig(max_steps=2, compiler="graph")
  return dataclasses.replace(config, unroll=unroll), examples


SIZES = {
  "tiny": tiny,
  "tiny_graph": tiny_graph,
  "main_job": main_job,
  "published": published,
  "published_graph": published_graph,
}


def run(sizes, folder, part):
  """Does the steps, and leaves checkpoints in the folder."""
  config, examples = SIZES[sizes]()
  trainer = tiny_meta.make_trainer(config, examples)
  if part == "first":
    trainer.train(10)
    trainer.write_checkpoint(folder / "first_10")
    trainer.train(10)
    trainer.write_checkpoint(folder / "first_20")
    return
  trainer.read_checkpoint(folder / "first_10")
  trainer.train(10)
  trainer.write_checkpoint(folder / "resumed_20")
  again = tiny_meta.make_trainer(config, examples)
  # It is pure: this saves a compilation.
  again.groups[0].compiled_step = trainer.groups[0].compiled_step
  again.train(20)
  again.write_checkpoint(folder / "second_20")


if __name__ == "__main__":
  run(sys.argv[1], pathlib.Path(sys.argv[2]), sys.argv[3])
