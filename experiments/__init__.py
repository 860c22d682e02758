# SPDX-License-Identifier: Apache-2.0
"""Scripts, run as `python -m experiments.NAME` from the checkout.

Each `NAME.py` has the flags and `main`; the packages have the parts.
"""

from experiments.common import quiet_start

# Before any module of a script imports TensorFlow.
quiet_start.import_tensorflow()
