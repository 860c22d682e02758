# SPDX-License-Identifier: Apache-2.0
"""Tests of the flags of the script that follows a run.

`tests/experiments/evaluation/follow_run_test.py` tests what it writes.
"""

import pytest
from absl import flags
from absl.testing import flagsaver

from experiments import watch


def run(**values):
  flags.FLAGS.mark_as_parsed()
  with flagsaver.as_parsed(**{key: str(each) for key, each in values.items()}):
    watch.main()


@pytest.mark.parametrize("name", ["rule", "dataset", "results"])
def test_flags_of_one_evaluation_are_refused(name, tmp_path, capsys):
  with pytest.raises(SystemExit, match=f"Error: .*Received: --{name}=mine"):
    run(logdir=tmp_path, **{name: "mine"})
  assert capsys.readouterr().out == ""


def test_a_folder_without_a_run_is_a_message(tmp_path):
  with pytest.raises(SystemExit, match=f"Error: .*{tmp_path}"):
    run(logdir=tmp_path)
