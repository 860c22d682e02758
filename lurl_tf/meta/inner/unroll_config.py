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

Recompute = Literal["auto", "always", "elementwise", "never"]
Convolutions = Literal["auto", "direct", "winograd"]


@dataclasses.dataclass(frozen=True)
class UnrollConfig:
  """Options of an unroll: how inner states advance and how they are scored.

  The values "auto" are resolved by `MetaTrainer` and `Validation`, see
  `lurl_tf.meta.inner.automatic`. A `TruncatedTask` that is used without them
  treats "auto" as `recompute="always"` and `convolutions="direct"`.

  Args:
    max_steps: Maximum number of inner steps in a truncation.
    evaluate_every: Number of inner steps between scored states.
    ridge: Ridge penalty of the read-out: `"relative"`, or an absolute strength.
    relative_ridge: Strength of the relative penalty, see `ridge_objective`.
    penalty_in_loss: Whether the ridge penalty is part of the loss.
    recompute: What the backward pass recomputes of an inner step instead of
      keeping it. `"always"`: everything, which needs the least memory.
      `"elementwise"`: everything except the results of large products and, with
      XLA, the statistics of normalisations; fastest on CPUs with XLA, but keeps
      7 arrays of the size of all unit states per step. `"never"`: nothing.
      `"auto"`: the fastest that fits in memory.
    scored_layers: Layers whose outputs the read-out takes: `"last"`, the top
      layer as published, or `"all"`, the concatenation of all layers.
    imitation: `ImitationConfig` of a teacher. The loss is then the error of the
      rule's proposals in the step before each scored state, and no gradient
      flows between steps. None: the loss is the meta-objective.
    product_dtype: Type that the factors of the rule's large matrix products are
      rounded to: `"float32"` or `"bfloat16"`. With the compiler `"graph"`,
      `"bfloat16"` also rounds the results and gradients of convolutions, of
      maps of unit states and of their products. Sums and weights stay float32.
    convolutions: Algorithm of convolutions over many channels: `"direct"`;
      `"winograd"`, with half the multiplications, faster on CPUs with XLA; or
      `"auto"`, the faster one. Winograd's needs `product_dtype="float32"`.
    compiler: `"xla"`, or `"graph"`: a graph of TensorFlow's own operations,
      which compiles in half the time.

  Raises:
    ValueError: If a number is out of range, an option is unknown, or options
      exclude each other.
  """

  max_steps: int = 10
  evaluate_every: int = 1
  ridge: float | Literal["relative"] = "relative"
  relative_ridge: float = DEFAULT_RIDGE
  penalty_in_loss: bool = False
  recompute: Recompute = "auto"
  scored_layers: Literal["last", "all"] = "last"
  imitation: ImitationConfig | None = None
  product_dtype: Literal["float32", "bfloat16"] = "float32"
  convolutions: Convolutions = "auto"
  compiler: Literal["xla", "graph"] = "xla"

  def __post_init__(self):
    if not 1 <= self.evaluate_every <= self.max_steps:
      raise ValueError(
        "`evaluate_every` must be from 1 to `max_steps`. Received: "
        f"evaluate_every={self.evaluate_every}, max_steps={self.max_steps}"
      )
    if self.recompute not in typing.get_args(Recompute):
      raise ValueError(
        f"`recompute` must be one of {', '.join(typing.get_args(Recompute))}. "
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
    if self.convolutions not in typing.get_args(Convolutions):
      raise ValueError(
        "`convolutions` must be one of "
        f"{', '.join(typing.get_args(Convolutions))}. "
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
        "The convolutions 'winograd' need the compiler 'xla' and the product "
        f"dtype 'float32'. Received: compiler={self.compiler!r}, "
        f"product_dtype={self.product_dtype!r}"
      )
    check_ridge(self.ridge, self.relative_ridge)

  @property
  def without_xla(self) -> bool:
    """Whether inner steps run as a graph, without XLA."""
    return self.compiler == "graph"
