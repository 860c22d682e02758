# SPDX-License-Identifier: Apache-2.0
"""Cases and sweeps of `experiments.benchmark`, by name."""

import dataclasses

from lurl_tf.meta.inner.unroll_config import Recompute
from lurl_tf.models.model_with_rule import PUBLISHED_UNITS
from lurl_tf.structures import RuleConfig

PUBLISHED = RuleConfig()
COMPACT = RuleConfig(hidden_channels=24, delta_channels=16, top_channels=16)


@dataclasses.dataclass(frozen=True)
class Case:
  """A base model and a rule to time.

  Args:
    name: Name of the case.
    rule: Sizes and options of the rule.
    input_size: Number of inputs of the base model.
    units: Units of the base model's layers, bottom first.
    batch_size: Number of unlabelled examples per inner step.
    tasks: Number of task slots that advance together.
    unroll: Number of inner steps of a truncation; the last state is scored.
    slots_per_program: Number of slots that share a compiled program.
    product_dtype: Option of `UnrollConfig`.
    convolutions: Option of `UnrollConfig`.
    compiler: Option of `UnrollConfig`.
    recompute: Option of `UnrollConfig`.
    gradient: Whether to time the meta-gradient, too.
    fit: Whether to time `LocalRuleModel.fit`, too.
  """

  name: str
  rule: RuleConfig = PUBLISHED
  input_size: int = 196
  units: tuple[int, ...] = PUBLISHED_UNITS
  batch_size: int = 128
  tasks: int = 1
  unroll: int = 5
  slots_per_program: int = 1
  product_dtype: str = "float32"
  convolutions: str = "winograd"
  compiler: str = "xla"
  recompute: Recompute = "elementwise"
  gradient: bool = True
  fit: bool = False


def _cases() -> tuple[Case, ...]:
  compact = Case(
    "compact",
    COMPACT,
    input_size=64,
    units=(64, 32),
    batch_size=64,
    tasks=8,
    unroll=10,
  )
  graph = Case(
    "metz2019_graph",
    convolutions="direct",
    compiler="graph",
    recompute="never",
  )
  recomputed = dataclasses.replace(
    graph,
    name="metz2019_graph_recomputed",
    recompute="always",
    unroll=20,
  )
  ship = Case("ship", COMPACT, units=(128, 32), tasks=8, unroll=10)
  pooled = dataclasses.replace(COMPACT, mixing="pooled")
  return (
    Case("metz2019"),
    Case("metz2019_bfloat16", product_dtype="bfloat16", convolutions="direct"),
    graph,
    dataclasses.replace(
      graph, name="metz2019_graph_bfloat16", product_dtype="bfloat16"
    ),
    recomputed,
    dataclasses.replace(recomputed, name="metz2019_graph_long", unroll=100),
    compact,
    dataclasses.replace(compact, name="compact_one_task", tasks=1),
    ship,
    dataclasses.replace(ship, name="ship_pooled", rule=pooled),
    Case("wide", units=(512, 512, 32)),
    Case("deep", units=(128,) * 10 + (32,)),
    Case("very_wide", units=(10_000, 32), unroll=2, gradient=False),
    Case("fit", unroll=50, gradient=False, fit=True),
  )


CASES = {case.name: case for case in _cases()}

# Field and value of every case of a sweep; other fields are those of `compact`.
SWEEPS = {
  "width": [("units", (width, 32)) for width in (32, 64, 128, 256)],
  "depth": [("units", (64,) * depth + (32,)) for depth in (1, 2, 4, 8)],
  "batch": [("batch_size", size) for size in (32, 64, 128, 256)],
  "unroll": [("unroll", steps) for steps in (5, 10, 20, 40)],
  "tasks": [("tasks", tasks) for tasks in (1, 2, 4, 8)],
}


def sweep_values(name: str) -> list[int]:
  """Returns the varied numbers of a sweep, ascending.

  Args:
    name: Name of a sweep, a key of `SWEEPS`.
  """
  field_values = SWEEPS[name]
  if name == "width":
    return [value[0] for _, value in field_values]
  if name == "depth":
    return [len(value) - 1 for _, value in field_values]
  return [value for _, value in field_values]


def sweep_cases(name: str) -> list[Case]:
  """Returns the cases of a sweep; all have two tasks, except in sweep `tasks`.

  Args:
    name: Name of a sweep, a key of `SWEEPS`.
  """
  base = dataclasses.replace(CASES["compact"], tasks=2)
  return [
    dataclasses.replace(base, name=f"{name}_{number}", **{field: value})
    for (field, value), number in zip(SWEEPS[name], sweep_values(name))
  ]
