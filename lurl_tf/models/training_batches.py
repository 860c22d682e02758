# SPDX-License-Identifier: Apache-2.0
"""Conversion of the data given to `fit` to batches of one size."""

import collections
import dataclasses
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import keras
import numpy as np
import tensorflow as tf

# A generator cannot be restarted; its last batches are kept for statistics.
RECENT_BATCHES = 100


class LeftOutWarning(UserWarning):
  """Warning that examples fill no batch and are left out."""


@dataclasses.dataclass(frozen=True)
class TrainingBatches:
  """Batches for training, and again for the inference statistics.

  Args:
    dataset: Batches of inputs `[b, ...]`, or pairs with labels, of one size.
    batch_size: Number of examples b of a batch.
    inputs_again: Function that returns the inputs again, after training.
    ignores_labels: Whether labels were given and dropped.
  """

  dataset: tf.data.Dataset
  batch_size: int
  inputs_again: Callable[[], Iterable[Any]]
  ignores_labels: bool

  @property
  def inputs_spec(self) -> tf.TensorSpec:
    """Shape and type of a batch of inputs."""
    spec = self.dataset.element_spec
    return spec[0] if isinstance(spec, tuple) else spec


def training_batches(
  x: Any,
  y: Any,
  batch_size: int | None,
  default_batch_size: int,
  shuffle_seed: int | None,
  keep_labels: bool,
) -> TrainingBatches:
  """Makes batches of one size; warns about examples that fill none.

  Args:
    x: Array, `tf.data.Dataset`, `keras.utils.PyDataset`, or iterable of
      batches; of inputs, or of pairs with labels.
    y: Labels of an array, or None.
    batch_size: Batch size of arrays; None for the default.
    default_batch_size: Default batch size of arrays, reduced to the number of
      examples if there are fewer.
    shuffle_seed: Integer seed of the order of an array's rows; None keeps it.
    keep_labels: Whether the batches hold labels.

  Returns:
    The batches.

  Raises:
    ValueError: If there is no batch of two examples or more, or required labels
      are missing.
  """
  if y is not None and not _is_array(x):
    raise ValueError(
      "Expected `y` beside an array only; other data hold pairs of inputs and "
      f"labels. Received: x of type {type(x).__name__} and y"
    )
  if isinstance(x, tf.data.Dataset):
    batches = _from_dataset(x, keep_labels)
  elif _is_array(x):
    batches = _from_arrays(
      np.asarray(x),
      None if y is None else np.asarray(y),
      batch_size,
      default_batch_size,
      shuffle_seed,
      keep_labels,
    )
  elif isinstance(x, keras.utils.PyDataset) or (
    isinstance(x, Iterable) and not isinstance(x, Mapping | str)
  ):
    batches = _from_iterable(x, keep_labels)
  else:
    raise ValueError(
      "Expected an array, a tf.data.Dataset, a PyDataset or an iterable of "
      f"batches. Received: x of type {type(x).__name__}"
    )
  check_batch_size(batches.batch_size)
  return batches


def check_batch_size(batch_size: int | None) -> None:
  """Raises ValueError for a batch that has no statistics.

  Args:
    batch_size: Number of examples, or None if it is unknown.
  """
  if batch_size is not None and batch_size < 2:
    raise ValueError(
      "A rule needs two examples or more in a batch. Received: a batch of "
      f"{batch_size}"
    )


def shuffle_seed(seed: int, steps: int) -> int:
  """Seed of the order of an array's rows in one call of `fit`.

  A model that was saved and loaded draws the next orders of the rows, as the
  same model would without saving.

  Args:
    seed: Integer seed of the model.
    steps: Number of steps that the optimizer has taken.

  Returns:
    A seed for `training_batches`.
  """
  return int(np.random.SeedSequence([seed, steps]).generate_state(1)[0])


def each_batch(
  x: Any, y: Any = None, batch_size: int | None = None
) -> Iterator[tuple[Any, Any]]:
  """Yields all batches of inputs and labels, including a smaller last one.

  Args:
    x: Data, as in `training_batches`.
    y: Labels of an array, or None.
    batch_size: Batch size of arrays.

  Yields:
    Inputs, and labels or None.
  """
  if _is_array(x):
    x, y = np.asarray(x), None if y is None else np.asarray(y)
    check_lengths(x, y)
    for begin in range(0, len(x), batch_size or 128):
      rows = slice(begin, begin + (batch_size or 128))
      yield x[rows], None if y is None else y[rows]
    return
  for batch in _in_order(x):
    inputs, labels, _ = keras.utils.unpack_x_y_sample_weight(_as_tuple(batch))
    yield inputs, labels


def check_lengths(x: np.ndarray, y: np.ndarray | None) -> None:
  """Raises ValueError unless there are as many labels as inputs.

  Args:
    x: Inputs `[b, ...]`.
    y: Labels `[b, ...]`, or None.
  """
  if y is not None and len(y) != len(x):
    raise ValueError(
      f"Expected a label for each of the {len(x)} inputs. Received: {len(y)} "
      "labels"
    )


def _from_arrays(x, y, batch_size, default_batch_size, shuffle_seed, labelled):
  if not x.ndim:
    raise ValueError("Expected an array [b, ...]. Received: x of rank 0")
  check_lengths(x, y)
  if labelled and y is None:
    raise _labels_missing()
  floating = np.issubdtype(x.dtype, np.floating)
  if floating and not np.all(np.isfinite(x)):
    rows = np.flatnonzero(~np.isfinite(x).reshape(len(x), -1).all(axis=1))
    raise ValueError(
      "Expected finite inputs. Received: NaN or infinity in "
      f"{len(rows)} of {len(x)} rows, the first of them {rows[0]}"
    )
  if floating:
    x = x.astype(keras.config.floatx(), copy=False)
  batch_size = min(batch_size or default_batch_size, len(x))
  check_batch_size(batch_size)
  rest = len(x) % batch_size
  if rest:
    warnings.warn(
      f"{rest} of {len(x)} rows fill no batch of {batch_size} and are left out "
      "of every epoch" + ("" if shuffle_seed is None else ", others each time"),
      LeftOutWarning,
      stacklevel=4,
    )
  with tf.device("CPU"):
    inputs = tf.constant(x)
    labels = tf.constant(y) if labelled else None
  rows = tf.data.Dataset.range(len(x))
  if shuffle_seed is not None:
    rows = rows.shuffle(len(x), seed=shuffle_seed)
  rows = rows.batch(batch_size, drop_remainder=True)

  def gather(rows):
    if labelled:
      return tf.gather(inputs, rows), tf.gather(labels, rows)
    return tf.gather(inputs, rows)

  dataset = rows.map(gather).prefetch(2)
  return TrainingBatches(
    dataset,
    batch_size,
    lambda: _only_inputs(dataset),
    y is not None and not labelled,
  )


def _from_dataset(dataset, labelled):
  spec = keras.utils.unpack_x_y_sample_weight(_as_tuple(dataset.element_spec))
  if labelled and spec[1] is None:
    raise _labels_missing()
  if not isinstance(spec[0], tf.TensorSpec):
    raise ValueError(
      "Expected batches of one tensor of inputs, or pairs with labels. "
      f"Received: element_spec={dataset.element_spec}"
    )

  def choose(*batch):
    inputs, labels, _ = keras.utils.unpack_x_y_sample_weight(batch)
    return (inputs, labels) if labelled else inputs

  dataset = dataset.map(choose)
  batch_size = spec[0].shape[0] if spec[0].shape.rank else None
  if batch_size is None:
    first = next(_only_inputs(dataset.take(1)), None)
    if first is None:
      raise ValueError("Expected batches. Received: a data set without any")
    batch_size = first.shape[0]
    check_batch_size(batch_size)
    warnings.warn(
      f"Batches that hold other than {batch_size} examples, as the first "
      "does, are left out; batch(..., drop_remainder=True) avoids this warning",
      LeftOutWarning,
      stacklevel=4,
    )

    def is_whole(*batch):
      return tf.shape(batch[0])[0] == batch_size

    def set_size(*batch):
      sized = tuple(
        tf.ensure_shape(t, [batch_size, *t.shape[1:]]) for t in batch
      )
      return sized if labelled else sized[0]

    dataset = dataset.filter(is_whole).map(set_size)
  return TrainingBatches(
    dataset,
    batch_size,
    lambda: _only_inputs(dataset),
    spec[1] is not None and not labelled,
  )


def _from_iterable(x, labelled):
  """Batches of a Python iterable; keeps the last ones for the statistics."""
  again = isinstance(x, keras.utils.PyDataset) or not isinstance(x, Iterator)
  batches = _in_order(x)
  first = next(batches, None)
  if first is None:
    raise ValueError("Expected batches. Received: an iterable without any")
  recent = collections.deque(maxlen=RECENT_BATCHES)

  def choose(batch):
    inputs, labels, _ = keras.utils.unpack_x_y_sample_weight(_as_tuple(batch))
    if not labelled:
      return np.asarray(inputs)
    if labels is None:
      raise _labels_missing()
    return np.asarray(inputs), np.asarray(labels)

  example = choose(first)
  shapes = [a.shape for a in (example if labelled else (example,))]
  if not shapes[0]:
    raise ValueError("Expected batches [b, ...]. Received: inputs of rank 0")
  batch_size = shapes[0][0]
  check_batch_size(batch_size)

  def unread():
    nonlocal first, batches
    if first is None and again:
      batches = _in_order(x)
    if first is not None:
      yield first
      first = None
    yield from batches

  def whole_batches():
    dropped = False
    for batch in unread():
      chosen = choose(batch)
      inputs = chosen[0] if labelled else chosen
      if len(inputs) == batch_size:
        recent.append(inputs)
        yield chosen
      elif not dropped:
        dropped = True
        warnings.warn(
          f"A batch of {len(inputs)} examples is left out: the first one had "
          f"{batch_size}",
          LeftOutWarning,
          stacklevel=2,
        )

  signature = tf.nest.map_structure(
    lambda array: tf.TensorSpec(array.shape, array.dtype), example
  )
  dataset = tf.data.Dataset.from_generator(
    whole_batches, output_signature=signature
  )
  return TrainingBatches(
    dataset,
    batch_size,
    lambda: iter(tuple(recent)),
    len(_as_tuple(first)) > 1 and not labelled,
  )


def _is_array(x):
  return hasattr(x, "shape") or isinstance(x, (list, tuple))


def _in_order(x):
  if isinstance(x, keras.utils.PyDataset):
    return (x[index] for index in range(x.num_batches))
  return iter(x)


def _only_inputs(batches):
  return (b[0] if isinstance(b, tuple) else b for b in batches)


def _as_tuple(batch):
  return tuple(batch) if isinstance(batch, (tuple, list)) else (batch,)


def _labels_missing():
  return ValueError(
    "Labels are needed: a head is trained, or the rule is supervised. "
    "Received: inputs alone"
  )
