# SPDX-License-Identifier: Apache-2.0
"""Baselines: methods that learned rules are compared with."""

from lurl_tf.baselines.cactus import CactusProtoNets
from lurl_tf.baselines.get import NAMED, AnyBaseline, get
from lurl_tf.baselines.interface import Baseline, LabelledBaseline, TaskBaseline
from lurl_tf.baselines.k_means import KMeansTriangle
from lurl_tf.baselines.label_spreading import LabelSpreading
from lurl_tf.baselines.networks.denoising_autoencoder import (
  DenoisingAutoencoder,
)
from lurl_tf.baselines.networks.prototypical_networks import (
  PrototypicalNetworks,
)
from lurl_tf.baselines.networks.supervised import SupervisedFewLabels
from lurl_tf.baselines.networks.supervised_all_labels import SupervisedAllLabels
from lurl_tf.baselines.networks.variational_autoencoder import (
  VariationalAutoencoder,
)
from lurl_tf.baselines.principal_components import PrincipalComponents
from lurl_tf.baselines.random_features import RandomFeatures
from lurl_tf.baselines.raw_inputs import RawInputs
from lurl_tf.baselines.sela import SeLa
from lurl_tf.baselines.tuning import tune, validation_tasks
from lurl_tf.features import Classifier, Features

__all__ = [
  "NAMED",
  "AnyBaseline",
  "Baseline",
  "CactusProtoNets",
  "Classifier",
  "DenoisingAutoencoder",
  "Features",
  "KMeansTriangle",
  "LabelSpreading",
  "LabelledBaseline",
  "PrincipalComponents",
  "PrototypicalNetworks",
  "RandomFeatures",
  "RawInputs",
  "SeLa",
  "SupervisedAllLabels",
  "SupervisedFewLabels",
  "TaskBaseline",
  "VariationalAutoencoder",
  "get",
  "tune",
  "validation_tasks",
]
