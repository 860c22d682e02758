# SPDX-License-Identifier: Apache-2.0
"""What a data set may be used for."""

from typing import Literal

DataUse = Literal["meta_train", "meta_validation", "test"]
DATA_USES: tuple[DataUse, ...] = ("meta_train", "meta_validation", "test")


def check_may_choose(use: DataUse) -> None:
  """Raises an error unless a choice may rest on data of this use.

  A number that something was chosen by says little about data never seen, so
  choices rest on `meta_validation` alone.

  Args:
    use: of the data whose scores are to be compared.

  Raises:
    ValueError: if it is another one.
  """
  if use != "meta_validation":
    raise ValueError(
      "Checkpoints, recipes and numbers of inner steps may be chosen by data "
      f"of use 'meta_validation' only. Received: use={use!r}"
    )
