# SPDX-License-Identifier: Apache-2.0
"""Flags that several scripts have, defined once and meaning the same.

A script that uses them says so, and `--help` then lists them as its own:

    from experiments.common import flags as shared_flags
    flags.adopt_module_key_flags(shared_flags)
"""

from absl import flags

from experiments.common import int_list_flag

DATA_DIR = flags.DEFINE_string(
  "data_dir",
  None,
  "Folder of prepared tensorflow-datasets; read only. Default: the folder of "
  "tensorflow-datasets itself.",
)
IMAGE_SIZE = flags.DEFINE_integer(
  "image_size",
  None,
  "Height and width that images are resized to. Default: as they are stored; "
  "for meta-training as the task distribution says; for generalize and "
  "inspect_rule as the rule was made for.",
  lower_bound=1,
)
UNITS = int_list_flag.define_int_list(
  "units",
  None,
  "Units of the base model's layers, bottom first, such as 128,32. Default: "
  "the rule's own, or for a new rule the script's.",
)
ACTIVATION = flags.DEFINE_string(
  "activation",
  None,
  "Activation of the base model, as Keras names it. Default: the rule's own, "
  "or for a new rule relu.",
)
BATCH_SIZE = flags.DEFINE_integer(
  "batch_size",
  None,
  "Unlabelled examples per inner step. Default: the rule's own, or for a new "
  "rule the script's.",
  lower_bound=2,
)
NUMBERS_OF_EXAMPLES = int_list_flag.define_int_list(
  "examples_per_class",
  None,
  "Labelled examples of every class that a read-out is fitted on; several "
  "numbers, such as 1,10, where methods are compared. Default: 10, or for "
  "meta-training as the task distribution says, or as the script says.",
)
SEED = flags.DEFINE_integer(
  "seed",
  0,
  "The same seed gives the same numbers.",
  lower_bound=0,
)
RESULTS = flags.DEFINE_string(
  "results",
  None,
  "File that the results are written to, as JSON.",
)


class _OneNumber:
  """What most scripts take of `--examples_per_class`: a single number."""

  @property
  def value(self) -> int | None:
    numbers = NUMBERS_OF_EXAMPLES.value
    if numbers and len(numbers) > 1:
      raise ValueError(
        "This script takes a single number of examples. Received: "
        f"--examples_per_class={','.join(map(str, numbers))}"
      )
    return numbers[0] if numbers else None


EXAMPLES_PER_CLASS = _OneNumber()


SWEEP = flags.DEFINE_list(
  "sweep",
  None,
  "What is varied; the beginning of the script's file lists what there is.",
)
PLOT = flags.DEFINE_string("plot", None, "PNG file of the picture.")
