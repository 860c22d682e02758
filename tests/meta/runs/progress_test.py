# SPDX-License-Identifier: Apache-2.0
"""Tests of the progress lines."""

from lurl_tf.meta.runs import progress


class FakeClock:
  """A clock that is set by hand."""

  def __init__(self):
    self.seconds = 0.0

  def __call__(self) -> float:
    return self.seconds


def make_progress(total_steps, **options):
  clock, lines = FakeClock(), []
  reporter = progress.Progress(
    total_steps, clock=clock, write=lines.append, **options
  )
  return reporter, clock, lines


def test_line_holds_step_values_speed_and_time_left():
  reporter, clock, lines = make_progress(100, unit="outer step", label="train")
  reporter.update(1, loss=0.9)
  clock.seconds = 10.0
  reporter.update(21, loss=0.81234)
  assert lines == [
    "train  outer step 1/100  loss 0.9",
    "train  outer step 21/100  loss 0.8123  2 outer steps/s  40 s left",
  ]


def test_lines_are_at_most_one_per_interval_and_the_last_is_always_there():
  reporter, clock, lines = make_progress(10, seconds_between_lines=5.0)
  for step in range(1, 11):
    clock.seconds = float(step)
    reporter.update(step)
  assert [line.split("  ")[0] for line in lines] == [
    "step 1/10",
    "step 6/10",
    "step 10/10",
  ]
  assert "left" not in lines[-1]


def test_resumed_run_counts_speed_from_where_it_began():
  reporter, clock, lines = make_progress(1000)
  reporter.update(900)
  clock.seconds = 10.0
  reporter.update(910)
  assert lines[-1] == "step 910/1000  1 steps/s  1 min 30 s left"


def test_format_seconds():
  assert progress.format_seconds(0.4) == "0 s"
  assert progress.format_seconds(59.6) == "1 min 0 s"
  assert progress.format_seconds(3599) == "59 min 59 s"
  assert progress.format_seconds(7260) == "2 h 1 min"


def test_default_prints(capsys):
  progress.Progress(1).update(1)
  assert capsys.readouterr().out == "step 1/1\n"


def test_a_computation_that_ends_by_the_clock():
  reporter, clock, lines = make_progress(None, seconds_left=lambda: 120.0)
  reporter.update(1)
  clock.seconds = 10.0
  reporter.update(21)
  assert lines == ["step 1", "step 21  2 steps/s  2 min 0 s left"]
