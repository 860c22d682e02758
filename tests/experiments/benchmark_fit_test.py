# SPDX-License-Identifier: Apache-2.0
"""Tests that `fit` is timed as it says; no test looks at times."""

from experiments import benchmark_fit
from tests.tiny_models import TINY_RULE


def test_fit_is_timed_beside_the_bare_step():
  timing = benchmark_fit.time_fit(256, TINY_RULE, (4,), epochs=1)
  assert timing.fit > 0 and timing.inner_step > 0
