# SPDX-License-Identifier: Apache-2.0
"""Read-outs: classifiers that score frozen features.

All share the signature of `Readout`: a read-out is fitted on the support set
and scored on the query set. None is differentiated; meta-training uses
`lurl_tf.ridge_objective`. A new read-out is one function and one entry of
`READOUTS` or `COMPARED_READOUTS`.
"""

from collections.abc import Callable

import numpy as np

from lurl_tf.readouts.logistic import logistic_regression
from lurl_tf.readouts.nearest_mean import nearest_mean
from lurl_tf.readouts.ridge import predict_ridge_loo, ridge, ridge_loo

# Support features [b, u] and labels [b], query features [n, u] and labels [n],
# number of classes, seed. Returns the accuracy on the query set, in [0, 1].
Readout = Callable[
  [np.ndarray, np.ndarray, np.ndarray, np.ndarray, int, int], float
]

# Read-outs of an evaluation, in the order of its table.
READOUTS: dict[str, Readout] = {
  "ridge": ridge,
  "ridge_loo": ridge_loo,
  "logistic_regression": logistic_regression,
}
# Read-outs of a comparison of many methods.
COMPARED_READOUTS: dict[str, Readout] = {
  **READOUTS,
  "nearest_mean": nearest_mean,
}

__all__ = [
  "COMPARED_READOUTS",
  "READOUTS",
  "Readout",
  "logistic_regression",
  "nearest_mean",
  "predict_ridge_loo",
  "ridge",
  "ridge_loo",
]
