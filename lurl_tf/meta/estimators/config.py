# SPDX-License-Identifier: Apache-2.0
"""Configuration of the estimator of the meta-gradient."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class EstimatorConfig:
  """Name and options of a gradient estimator.

  Names are the keys of `lurl_tf.meta.estimators.ESTIMATORS`; `get_estimator`
  refuses unknown ones.

  Args:
    name: `"tbptt"`, truncated backpropagation; `"bptt"`, full backpropagation;
      `"es"`, antithetic evolution strategies on truncations; `"pes"`,
      persistent evolution strategies; `"es_single"`, one perturbation per inner
      training; `"mixture"`, backpropagation for some meta-parameters and
      evolution for others.
    pairs: Number of antithetic pairs of perturbations per task slot.
    perturbation: Standard deviation of perturbations.
    clip_difference: Largest difference of the losses of a pair; 0: no limit.
    evolved: For `"mixture"`, regular expressions that are searched in the names
      of meta-parameters. Those that match are left to evolution.
    evolution: For `"mixture"`, name of the evolution strategy.

  Raises:
    ValueError: If a number is out of range.
  """

  name: str = "tbptt"
  pairs: int = 4
  perturbation: float = 0.01
  clip_difference: float = 0.0
  evolved: tuple[str, ...] = ("readout_coeffs", "log_inner_learning_rates")
  evolution: str = "pes"

  def __post_init__(self):
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
      raise ValueError("`evolved` must not be empty. Received: evolved=()")
