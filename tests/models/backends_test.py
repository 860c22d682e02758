# SPDX-License-Identifier: Apache-2.0
"""What was learned runs on every backend of Keras that is installed."""

import importlib.util
import os
import subprocess
import sys

import numpy as np
import pytest

from tests.tiny_models import draw_inputs, tiny_model

PROGRAM = """
import sys
import keras, numpy as np
import lurl_tf
backend, *folders = sys.argv[1:]
assert keras.backend.backend() == backend
for folder in folders:
  inputs = np.load(folder + "/inputs.npy")
  model = keras.saving.load_model(folder + "/model.keras")
  np.save(folder + "/features.npy", model.predict(inputs, verbose=0))
  base = keras.saving.load_model(folder + "/base.keras")
  np.save(folder + "/base_features.npy", base.predict(inputs, verbose=0))
  base.compile("sgd", "mse")
  base.fit(inputs, np.ones([len(inputs), 4], "float32"), verbose=0)
  if backend == "tensorflow":  # there, a rule can be applied
    continue
  try:
    model.fit(inputs)
  except RuntimeError as error:
    assert "needs Keras's TensorFlow backend" in str(error), error
  else:
    raise AssertionError("a rule was applied without TensorFlow")
"""


def save_model(folder, batch_statistics):
  """Saves a trained model, its base model and inputs; the features."""
  folder.mkdir()
  model = tiny_model(batch_statistics=batch_statistics)
  inputs = draw_inputs(64)
  model.fit(inputs, batch_size=16, epochs=2, verbose=0)
  model.save(folder / "model.keras")
  model.base_model.save(folder / "base.keras")
  np.save(folder / "inputs.npy", inputs)
  return model.predict(inputs, verbose=0)


@pytest.mark.parametrize("backend", ["tensorflow", "jax", "torch"])
def test_saved_features(backend, tmp_path):
  if importlib.util.find_spec(backend) is None:
    pytest.skip(f"{backend} is not installed")
  expected = {
    tmp_path / name: save_model(tmp_path / name, batch_statistics)
    for name, batch_statistics in (("running", False), ("batch", True))
  }
  subprocess.run(
    [sys.executable, "-c", PROGRAM, backend, *map(str, expected)],
    check=True,
    env={**os.environ, "KERAS_BACKEND": backend},
  )
  for folder, features in expected.items():
    for name in ("features", "base_features"):
      actual = np.load(folder / f"{name}.npy")
      np.testing.assert_allclose(actual, features, rtol=1e-4, atol=1e-5)
