# SPDX-License-Identifier: Apache-2.0
"""The model card of a rule, as text."""

from lurl_tf.presets.metadata import PresetMetadata, Score
from lurl_tf.structures import RuleConfig

# Points of a curve that the card shows; metadata.json has all of them.
_CURVE_ROWS = 8


def card_text(config: RuleConfig, metadata: PresetMetadata) -> str:
  """Formats a model card.

  Args:
    config: Sizes and options of the rule.
    metadata: `PresetMetadata` of the rule.

  Returns:
    Text of several lines: facts, uses, curves and results. What was not
    recorded is left out.
  """
  parts = [_facts(config, metadata)]
  for title, text in (
    ("Good for", metadata.good_for),
    ("Not for", metadata.not_for),
    ("Note", metadata.note),
  ):
    if text:
      parts.append(f"{title}: {text}")
  for title, curve in (
    ("Meta-training tasks", metadata.curve),
    ("Validation split", metadata.validation_curve),
  ):
    if curve:
      parts.append(f"{title}\n{_curve_table(curve)}")
  if metadata.evaluation:
    parts.append(metadata.evaluation)
  return "\n\n".join(parts)


def _facts(config: RuleConfig, metadata: PresetMetadata) -> str:
  units = "-".join(map(str, metadata.units))
  network = f"{units}, {metadata.activation}, batches of {metadata.batch_size}"
  if metadata.image_size is not None:
    network += f", images of {metadata.image_size} x {metadata.image_size}"
  rates = " to ".join(f"{rate:.3g}" for rate in metadata.inner_learning_rates)
  rows = [
    (
      "Rule",
      f"{config.mixing} mixing, {config.hidden_channels} hidden channels",
    ),
    ("Tasks", metadata.tasks),
    ("Outer steps", f"{metadata.outer_steps:,}"),
    ("Wall time", f"{metadata.hours:.2f} hours" if metadata.hours else ""),
    ("Validation", _score(metadata.validation)),
    ("Base network", network),
    (
      "Inner training",
      f"{metadata.inner_steps} steps of {metadata.inner_optimizer}, learning "
      f"rate {rates}",
    ),
    ("Seed", "" if metadata.seed is None else str(metadata.seed)),
    ("Initial rule", (metadata.initial_rule or "")[:12]),
    ("Checksum", metadata.checksum[:12]),
    ("Library version", metadata.library_version),
    ("Command", metadata.command),
  ]
  return "\n".join(f"{name:<16} {text}" for name, text in rows if text)


def _score(score: Score | None) -> str:
  if score is None:
    return ""
  text = f"loss {score.loss:.3f}"
  if score.accuracy is not None:
    text += f", accuracy {100 * score.accuracy:.1f} %"
  return f"{text}, at step {score.step:,}"


def _curve_table(curve: tuple[Score, ...]) -> str:
  stride = max(1, -(-len(curve) // _CURVE_ROWS))
  # Counted from the end, so that the last point is among them.
  shown = curve[::-1][::stride][::-1]
  lines = [f"{'outer step':>10}  {'loss':>7}  {'accuracy in %':>13}"]
  for score in shown:
    accuracy = ""
    if score.accuracy is not None:
      accuracy = f"{100 * score.accuracy:.1f}"
    lines.append(f"{score.step:>10,}  {score.loss:>7.4f}  {accuracy:>13}")
  return "\n".join(lines)
