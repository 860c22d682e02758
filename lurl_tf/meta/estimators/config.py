# SPDX-License-Identifier: Apache-2.0
"""Which estimator of the meta-gradient, and its numbers."""

import dataclasses

ESTIMATORS = ("tbptt", "bptt", "es", "pes", "es_single", "mixture")
EVOLUTION = ("es", "pes", "es_single")


@dataclasses.dataclass(frozen=True)
class EstimatorConfig:
  """An estimator by name.

  Args:
    name: `"tbptt"`, truncated backpropagation; `"bptt"`, full
      backpropagation; `"es"`, antithetic evolution strategies on truncations;
      `"pes"`, persistent evolution strategies; `"es_single"`, one perturbation
      per inner training; `"mixture"`, by group of meta-parameters.
    pairs: antithetic pairs of perturbations per task slot.
    perturbation: standard deviation of perturbations.
    clip_difference: largest difference of a pair's losses; 0: any.
    evolved: for `"mixture"`, regular expressions: the meta-parameters in whose
      names one is found are left to evolution, the others to truncated
      backpropagation.
    evolution: for `"mixture"`, the evolution strategy of those.

  Raises:
    ValueError: if a name is unknown or a number out of range.
  """

  name: str = "tbptt"
  pairs: int = 4
  perturbation: float = 0.01
  clip_difference: float = 0.0
  evolved: tuple[str, ...] = ("readout_coeffs", "log_inner_learning_rates")
  evolution: str = "pes"

  def __post_init__(self):
    for field, names in (("name", ESTIMATORS), ("evolution", EVOLUTION)):
      if getattr(self, field) not in names:
        raise ValueError(
          f"`{field}` must be one of {', '.join(names)}. "
          f"Received: {field}={getattr(self, field)!r}"
        )
    for field in ("pairs", "perturbation"):
      if not getattr(self, field) > 0:
        raise ValueError(
          f"`{field}` must be positive. "
          f"Received: {field}={getattr(self, field)}"
        )
    if self.clip_difference < 0:
      raise ValueError(
        "`clip_difference` must not be negative. "
        f"Received: clip_difference={self.clip_difference}"
      )
    if self.name == "mixture" and not self.evolved:
      raise ValueError(
        "`evolved` must name meta-parameters. Received: evolved=()"
      )
