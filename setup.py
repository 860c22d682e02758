# SPDX-License-Identifier: Apache-2.0
"""Packaging of lurl_tf."""

import setuptools

setuptools.setup(
  name="lurl_tf",
  version="0.2.0",
  description=(
    "Meta-learned unsupervised update rules for Keras and TensorFlow."
  ),
  license="Apache-2.0",
  license_files=["LICENSE"],
  python_requires=">=3.11",
  # The scripts in `experiments` run from a checkout: as a top-level package of
  # site-packages, that name would hide a user's own.
  packages=setuptools.find_packages(include=["lurl_tf", "lurl_tf.*"]),
  package_data={
    "lurl_tf.presets": ["shipped/*", "shipped/*/*", "starts/*/*"],
  },
  # Where file names ignore case, the usual folder `build` would be the file
  # `BUILD`.
  options={"build": {"build_base": ".build"}},
  install_requires=[
    "absl-py>=2.0",
    "h5py>=3.11",
    # tensorflow-datasets 4.9.10 does not declare it, and some of its builders
    # cannot be imported without it.
    "importlib_resources>=6.0",
    "keras>=3.10",
    "matplotlib>=3.8",
    "numpy>=1.26",
    "Pillow>=10.1",
    "scikit-learn>=1.6",
    "scipy>=1.11",
    "tensorboard>=2.20",
    "tensorflow>=2.20",
    # 4.9.9 fails with protobuf 7, which it does not exclude.
    "tensorflow-datasets>=4.9.10",
    "threadpoolctl>=3.1",
  ],
  extras_require={
    "test": ["pytest>=8.0", "pytest-xdist>=3.6", "ruff>=0.12"],
    # For Cloud TPU machines. `tensorflow-tpu` is TensorFlow itself, built for
    # TPUs, and fills the same folder as plain `tensorflow`, which is installed
    # above; neither can be imported from the mixture. So, after
    # `pip install ".[tpu]"`, leave the TPU build alone there:
    #   pip uninstall --yes tensorflow
    #   pip install --force-reinstall --no-deps tensorflow-tpu==2.20.0
    # With a newer libtpu, `import tensorflow` of that build aborts.
    "tpu": ["tensorflow-tpu==2.20.0", "libtpu>=0.0.14,<=0.0.24"],
  },
)
