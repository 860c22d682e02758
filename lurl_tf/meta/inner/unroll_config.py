# SPDX-License-Identifier: Apache-2.0
"""Options of an unroll."""

import dataclasses
import typing
from typing import Literal

from lurl_tf.meta.inner.imitation import ImitationConfig
from lurl_tf.meta.inner.objective import (
  DEFAULT_RIDGE,
  check_ridge,
)

Recompute = Literal["always", "elementwise", "never"]


@dataclasses.dataclass(frozen=True)
class UnrollConfig:
  """How inner states are advanced and scored.

  Args:
    max_steps: bound on the steps of a truncation.
    evaluate_every: inner steps from one scored state to the next.
    late_loss_power: the loss of a state at progress p = t / T counts
      (power + 1) p**power; 0 counts all alike.
    ridge: `"relative"`, or the absolute strength of the read-out's penalty.
    relative_ridge: see `ridge_objective`.
    penalty_in_loss: whether the penalty is a part of the loss.
    recompute: what of a step's inside the backward pass computes anew instead
      of keeping it. `"always"`: all, which takes less memory, and by XLA on
      processors less time for truncations of several steps; `"elementwise"`:
      all but the results of the rule's large products and, by XLA, the
      statistics of its normalisations: on processors by XLA less time still,
      for 7 arrays as large as all unit states a step; `"never"`: nothing.
    scored_layers: whose post-activations are the read-out's features: `"last"`,
      the top layer's, as published, or `"all"`, of all layers side by side.
    imitation: the rule learns to propose what a teacher proposes, in the states
      that it comes to itself: the loss is the error of the step before each
      scored state, and no gradient flows from one step to another. None: it
      learns by the meta-objective.
    product_dtype: `"float32"`; or `"bfloat16"`: the factors of the rule's large
      matrix products are rounded, or in its graph convolutions, maps of unit
      states and products of these, their results and gradients, too; sums,
      weights and all else stay as they are.
    convolutions: `"direct"`; or `"winograd"`: those of many channels take half
      the multiplications, and on processors by XLA less time. Their factors
      must not be rounded.
    compiler: `"xla"`; or `"graph"`: a graph of TensorFlow's own operations,
      which compiles sooner.

  Raises:
    ValueError: if a number is out of range, or an option is unknown or does not
      go with another.
  """

  max_steps: int = 10
  evaluate_every: int = 1
  late_loss_power: float = 0.0
  ridge: float | Literal["relative"] = "relative"
  relative_ridge: float = DEFAULT_RIDGE
  penalty_in_loss: bool = False
  recompute: Recompute = "always"
  scored_layers: Literal["last", "all"] = "last"
  imitation: ImitationConfig | None = None
  product_dtype: Literal["float32", "bfloat16"] = "float32"
  convolutions: Literal["direct", "winograd"] = "direct"
  compiler: Literal["xla", "graph"] = "xla"

  def __post_init__(self):
    if not 1 <= self.evaluate_every <= self.max_steps:
      raise ValueError(
        "`evaluate_every` must be from 1 to `max_steps`. Received: "
        f"evaluate_every={self.evaluate_every}, max_steps={self.max_steps}"
      )
    if self.late_loss_power < 0:
      raise ValueError(
        "`late_loss_power` must not be negative. Received: "
        f"late_loss_power={self.late_loss_power}"
      )
    if self.recompute not in typing.get_args(Recompute):
      raise ValueError(
        "`recompute` must be 'always', 'elementwise' or 'never'. "
        f"Received: recompute={self.recompute!r}"
      )
    if self.scored_layers not in ("last", "all"):
      raise ValueError(
        "`scored_layers` must be 'last' or 'all'. "
        f"Received: scored_layers={self.scored_layers!r}"
      )
    if self.product_dtype not in ("float32", "bfloat16"):
      raise ValueError(
        "`product_dtype` must be 'float32' or 'bfloat16'. "
        f"Received: product_dtype={self.product_dtype!r}"
      )
    if self.convolutions not in ("direct", "winograd"):
      raise ValueError(
        "`convolutions` must be 'direct' or 'winograd'. "
        f"Received: convolutions={self.convolutions!r}"
      )
    if self.compiler not in ("xla", "graph"):
      raise ValueError(
        "`compiler` must be 'xla' or 'graph'. "
        f"Received: compiler={self.compiler!r}"
      )
    if self.convolutions == "winograd" and (
      self.without_xla or self.product_dtype != "float32"
    ):
      raise ValueError(
        "Convolutions of 'winograd' need the compiler 'xla' and products of "
        f"'float32'. Received: compiler={self.compiler!r}, "
        f"product_dtype={self.product_dtype!r}"
      )
    check_ridge(self.ridge, self.relative_ridge)

  @property
  def without_xla(self) -> bool:
    """Whether inner steps are a graph of TensorFlow's own operations."""
    return self.compiler == "graph"
