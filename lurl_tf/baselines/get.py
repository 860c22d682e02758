# SPDX-License-Identifier: Apache-2.0
"""Registry of baselines by name.

To add a baseline, write one file with a frozen dataclass of one of the three
interfaces in `interface.py`, and one entry of `NAMED`.
"""

import dataclasses
import difflib
from collections.abc import Sequence

from lurl_tf.activations import Activation
from lurl_tf.baselines.cactus import CactusProtoNets
from lurl_tf.baselines.interface import (
  Baseline,
  LabelledBaseline,
  TaskBaseline,
)
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

AnyBaseline = Baseline | LabelledBaseline | TaskBaseline

# In the order of the rows of tables.
NAMED: dict[str, AnyBaseline] = {
  "raw_inputs": RawInputs(),
  "pca_32": PrincipalComponents(32),
  "k_means_32": KMeansTriangle(32),
  "k_means_32_whitened": KMeansTriangle(32, whiten=True),
  "k_means_256": KMeansTriangle(256),
  "k_means_256_whitened": KMeansTriangle(256, whiten=True),
  "random_features_32": RandomFeatures(32),
  "random_features_2048": RandomFeatures(2048),
  "denoising_autoencoder": DenoisingAutoencoder(),
  "vae": VariationalAutoencoder(),
  "sela": SeLa(),
  "cactus_protonets": CactusProtoNets(),
  "protonets": PrototypicalNetworks(),
  "protonets_permuted": PrototypicalNetworks(permute_inputs=True),
  "label_spreading": LabelSpreading(),
  "supervised": SupervisedFewLabels(),
  "supervised_batch_norm": SupervisedFewLabels(batch_norm=True),
  "supervised_all_labels": SupervisedAllLabels(),
}


def get(
  names: Sequence[str] | None = None,
  units: tuple[int, ...] = (128, 32),
  activation: Activation = "relu",
) -> dict[str, AnyBaseline]:
  """Returns baselines by name, with the layers of the base network.

  Args:
    names: Names of the baselines; None for all.
    units: Units of the base network's layers, bottom first. Used by baselines
      that train a network.
    activation: Activation of the base network. Used by baselines that have
      this option.

  Returns:
    Baselines by name, in the order of `NAMED`.

  Raises:
    ValueError: If a name is unknown.

  Example:

  >>> get(["vae"], units=(64, 16))["vae"].units
  (64, 16)
  """
  for name in names or ():
    if name not in NAMED:
      near = difflib.get_close_matches(name, NAMED)
      raise ValueError(
        f"Expected names of baselines: {', '.join(NAMED)}. Received: {name!r}. "
        f"Similar names: {', '.join(near) or 'none'}"
      )
  return {
    name: _with_network(baseline, units, activation)
    for name, baseline in NAMED.items()
    if names is None or name in names
  }


def _with_network(baseline, units, activation):
  options = {"units": units, "activation": activation}
  fields = {field.name for field in dataclasses.fields(baseline)}
  return dataclasses.replace(
    baseline, **{key: options[key] for key in options if key in fields}
  )
