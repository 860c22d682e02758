# SPDX-License-Identifier: Apache-2.0
"""Tests of what data may be used for."""

import pytest

from lurl_tf.tasks.data_use import check_may_choose


def test_choices_rest_on_meta_validation_only():
  check_may_choose("meta_validation")
  for use in ("meta_train", "test"):
    with pytest.raises(ValueError, match=f"Received: use='{use}'"):
      check_may_choose(use)
