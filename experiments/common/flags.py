# SPDX-License-Identifier: Apache-2.0
"""Flags that several scripts share, with one definition and one meaning.

A script declares those that it reads, and `--help` then lists them as its own:

    from experiments.common import flags as shared_flags
    flags.declare_key_flag("seed")

`flags.adopt_module_key_flags(shared_flags)` declares all of them.
"""

from absl import flags

from experiments.common import int_list_flag

DATA_DIR = flags.DEFINE_string(
  "data_dir",
  None,
  "Folder of prepared data sets of tensorflow-datasets, which is only read. "
  "Default: the default folder of tensorflow-datasets.",
)
IMAGE_SIZE = flags.DEFINE_integer(
  "image_size",
  None,
  "Height and width of the resized images, in pixels. Default: the stored "
  "size; in meta-training that of the task distribution; in generalize and "
  "inspect_rule that of the rule's training.",
  lower_bound=1,
)
UNITS = int_list_flag.define_int_list(
  "units",
  None,
  "Units of the base model's layers, bottom first, such as 128,32. Default: "
  "those of the rule, or the script's default for a new rule.",
)
ACTIVATION = flags.DEFINE_string(
  "activation",
  None,
  "Keras name of the base model's activation. Default: that of the rule, or "
  "relu for a new rule.",
)
BATCH_SIZE = flags.DEFINE_integer(
  "batch_size",
  None,
  "Unlabelled examples per inner step. Default: that of the rule, or the "
  "script's default for a new rule.",
  lower_bound=2,
)
NUMBERS_OF_EXAMPLES = int_list_flag.define_int_list(
  "examples_per_class",
  None,
  "Labelled examples per class for fitting a read-out; several numbers, such "
  "as 1,10, in scripts that compare methods. Default: that of the task "
  "distribution in meta-training, 1,3,10,50 in compare, otherwise 10.",
)
SEED = flags.DEFINE_integer(
  "seed",
  0,
  "Seed of all random numbers; the same seed gives the same results.",
  lower_bound=0,
)
RESULTS = flags.DEFINE_string(
  "results",
  None,
  "JSON file of the results.",
)


class _OneNumber:
  """Value of `--examples_per_class` in scripts that take a single number."""

  @property
  def value(self) -> int | None:
    numbers = NUMBERS_OF_EXAMPLES.value
    if numbers and len(numbers) > 1:
      raise ValueError(
        "Expected a single number of examples per class. Received: "
        f"--examples_per_class={','.join(map(str, numbers))}"
      )
    return numbers[0] if numbers else None


EXAMPLES_PER_CLASS = _OneNumber()
