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
folder, backend = sys.argv[1:]
assert keras.backend.backend() == backend
inputs = np.load(folder + "/inputs.npy")
model = keras.saving.load_model(folder + "/model.keras")
np.save(folder + "/features.npy", model.predict(inputs, verbose=0))
base = keras.saving.load_model(folder + "/base.keras")
np.save(folder + "/base_features.npy", base.predict(inputs, verbose=0))
base.compile("sgd", "mse")
base.fit(inputs, np.ones([len(inputs), 4], "float32"), verbose=0)
try:
  model.fit(inputs)
except RuntimeError as error:
  assert "needs Keras's TensorFlow backend" in str(error), error
else:
  raise AssertionError("a rule was applied without TensorFlow")
"""


@pytest.mark.parametrize("batch_statistics", [False, True])
@pytest.mark.parametrize("backend", ["tensorflow", "jax", "torch"])
def test_saved_features(backend, batch_statistics, tmp_path):
  if importlib.util.find_spec(backend) is None:
    pytest.skip(f"{backend} is not installed")
  model = tiny_model(batch_statistics=batch_statistics)
  inputs = draw_inputs(64)
  model.fit(inputs, batch_size=16, epochs=2, verbose=0)
  model.save(tmp_path / "model.keras")
  model.base_model.save(tmp_path / "base.keras")
  np.save(tmp_path / "inputs.npy", inputs)
  program = PROGRAM
  if backend == "tensorflow":  # there, a rule can be applied
    program = PROGRAM.partition("try:")[0]
  subprocess.run(
    [sys.executable, "-c", program, str(tmp_path), backend],
    check=True,
    env={**os.environ, "KERAS_BACKEND": backend},
  )
  expected = model.predict(inputs, verbose=0)
  for name in ("features", "base_features"):
    np.testing.assert_allclose(
      np.load(tmp_path / f"{name}.npy"), expected, rtol=1e-4, atol=1e-5
    )
