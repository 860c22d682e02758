# SPDX-License-Identifier: Apache-2.0
"""Permitted uses of data sets."""

from typing import Literal

DataUse = Literal["meta_train", "meta_validation", "test"]
DATA_USES: tuple[DataUse, ...] = ("meta_train", "meta_validation", "test")


def check_may_choose(use: DataUse) -> None:
  """Raises an error unless data of this use may be used to choose by.

  A score that something was chosen by is biased, so choices use data of
  `"meta_validation"` only.

  Args:
    use: Use of the data whose scores are compared.

  Raises:
    ValueError: If the use is another one.
  """
  if use != "meta_validation":
    raise ValueError(
      "Checkpoints, recipes and numbers of inner steps may be chosen by data "
      f"of use 'meta_validation' only. Received: use={use!r}"
    )
