# SPDX-License-Identifier: Apache-2.0
"""Program of twenty outer steps, for tests of repeatability.

python -m tests.fresh_run sizes folder first
python -m tests.fresh_run sizes folder second

The first process writes its state after 10 and 20 steps. The second resumes the
first one's run at step 10, and also runs all 20 steps itself.
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
  """Images of random bytes."""
  generator = np.random.default_rng(0)
  labels = np.repeat(np.arange(classes), 30).astype(np.int32)
  inputs = generator.integers(0, 256, (len(labels), size**2), np.uint8)
  names = tuple(f"class_{k}" for k in range(classes))
  return LabelledExamples(inputs, labels, names, (size, size, 1))


def tiny():
  """Config and examples of the tests that run in one process."""
  config = tiny_meta.make_config(
    units=(6,), slots=2, learn_inner_rates=True, decay_steps=30
  )
  return config, tiny_meta.make_examples()


def tiny_graph():
  """The same with the published mixing, as a graph."""
  config = tiny_meta.make_config(
    "published", units=(6,), slots=2, unroll={"compiler": "graph"}
  )
  return config, tiny_meta.make_examples()


def main_job():
  """Default config of `experiments.meta_train`, on random images."""
  flags.FLAGS.mark_as_parsed()
  return meta_train.config_from_flags(), random_images(26, 8)


def published():
  """Published rule and base network, with few slots and steps."""
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
  """The same as a graph, without XLA."""
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
  """Runs the steps of one part, and writes checkpoints to the folder."""
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
  # The step is a pure function: sharing it saves a compilation.
  again.groups[0].compiled_step = trainer.groups[0].compiled_step
  again.train(20)
  again.write_checkpoint(folder / "second_20")


if __name__ == "__main__":
  run(sys.argv[1], pathlib.Path(sys.argv[2]), sys.argv[3])
