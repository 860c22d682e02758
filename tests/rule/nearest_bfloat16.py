# SPDX-License-Identifier: Apache-2.0
"""What rounding to bfloat16 leaves of numbers, for comparisons in float64."""

import numpy as np
import tensorflow as tf


def nearest_bfloat16(array) -> np.ndarray:
  """The nearest bfloat16 numbers, as float64."""
  return tf.cast(tf.cast(array, tf.bfloat16), tf.float64).numpy()
