# SPDX-License-Identifier: Apache-2.0
"""The meta-objective: the error of a ridge read-out of features."""

from typing import Literal, NamedTuple

import tensorflow as tf

DEFAULT_RIDGE = 0.1
# Keeps the scale of logits differentiable if all features are dead.
SMALLEST_POWER = 1e-24


class ObjectiveValue(NamedTuple):
  """The meta-objective and its parts, each `[...]`.

  Attributes:
    loss: Loss to minimise: the query error, plus the extra error, plus the
      penalty if it is part of the loss.
    accuracy: Share of query examples whose class has the largest logit.
    readout: `[..., u + 1, k]`, weights of the read-out; the bias is last.
    query_error: Squared distance of logits and targets, a mean over query
      examples; twice the cosine distance if both are normalised.
    penalty: Ridge penalty per support example.
    extra_error: Squared error of extra regression targets, or 0.
    support_accuracy: Share of support examples whose class has the largest
      logit.
  """

  loss: tf.Tensor
  accuracy: tf.Tensor
  readout: tf.Tensor
  query_error: tf.Tensor
  penalty: tf.Tensor
  extra_error: tf.Tensor
  support_accuracy: tf.Tensor


def ridge_objective(
  support_features: tf.Tensor,
  support_targets: tf.Tensor,
  query_features: tf.Tensor,
  query_targets: tf.Tensor,
  ridge: float | Literal["relative"] = DEFAULT_RIDGE,
  relative_ridge: float = DEFAULT_RIDGE,
  penalty_in_loss: bool = True,
  normalize_logits: bool = True,
  extra_support_targets: tf.Tensor | None = None,
  extra_query_targets: tf.Tensor | None = None,
) -> ObjectiveValue:
  """Fits a ridge regression to the support set and scores the query set.

  The defaults are those of the released program (Metz et al. 2019, section
  3.3). Targets are centred and scaled to a mean squared norm of 1. With
  `ridge="relative", penalty_in_loss=False` the loss does not depend on the
  scale of the features, so that a rule gains nothing by growing them.

  The logits of two classes are opposite numbers. If they are normalised, they
  are signs and the query error has no gradient; meta-training therefore uses
  `normalize_logits=False` for two classes.

  Args:
    support_features: `[..., b, u]`.
    support_targets: `[..., b, k]`, one-hot.
    query_features: `[..., b', u]`.
    query_targets: `[..., b', k]`, one-hot.
    ridge: Strength of the penalty of squared weights, without the bias; or
      `"relative"`: `relative_ridge` times the mean diagonal of the Gram matrix
      of the centred features.
    relative_ridge: Strength of the relative penalty, see `ridge`.
    penalty_in_loss: Whether the penalty is part of the loss.
    normalize_logits: Whether the query error compares directions instead of
      logits.
    extra_support_targets: `[..., b, r]`, extra regression targets, whose error
      is added to the loss.
    extra_query_targets: `[..., b', r]`.

  Returns:
    `ObjectiveValue`.

  Raises:
    ValueError: If shapes do not fit, the ridge is not positive, or only one of
      the extra targets is given.

  Example:

  >>> features = tf.eye(4)
  >>> value = lurl_tf.ridge_objective(features, features, features, features)
  >>> float(value.accuracy)
  1.0
  """
  check_ridge(ridge, relative_ridge)
  support_features = tf.convert_to_tensor(support_features)
  dtype = support_features.dtype
  query_features = tf.convert_to_tensor(query_features, dtype)
  support_targets = tf.cast(support_targets, dtype)
  query_targets = tf.cast(query_targets, dtype)
  _check(support_features, support_targets, query_features, query_targets)
  if (extra_support_targets is None) != (extra_query_targets is None):
    raise ValueError(
      "Extra targets must be given for both support and query. Received: "
      f"extra_support_targets={extra_support_targets}, "
      f"extra_query_targets={extra_query_targets}"
    )
  if extra_support_targets is not None:
    extra_support_targets = tf.cast(extra_support_targets, dtype)
    extra_query_targets = tf.cast(extra_query_targets, dtype)
    _check(
      support_features,
      extra_support_targets,
      query_features,
      extra_query_targets,
    )

  classes = support_targets.shape[-1]
  prepared = _center_and_scale(support_targets)
  if extra_support_targets is not None:
    extra = _standardize_columns(extra_support_targets)
    prepared = tf.concat([prepared, extra], axis=-1)
  readout, penalty = _fit(support_features, prepared, ridge, relative_ridge)
  class_readout = readout[..., :classes]
  query_logits = _apply(class_readout, query_features)
  outputs = query_logits
  if normalize_logits:
    power = tf.reduce_sum(tf.square(outputs), axis=-1, keepdims=True)
    outputs *= tf.math.rsqrt(tf.maximum(power, SMALLEST_POWER))
  query_error = _squared_error(outputs, _center_and_scale(query_targets))
  if extra_query_targets is None:
    extra_error = tf.zeros_like(query_error)
  else:
    extra_error = _squared_error(
      _apply(readout[..., classes:], query_features),
      _standardize_columns(extra_query_targets),
    )
  support_logits = _apply(class_readout, support_features)
  loss = query_error + extra_error
  return ObjectiveValue(
    loss=loss + penalty if penalty_in_loss else loss,
    accuracy=_accuracy(query_logits, query_targets),
    readout=readout,
    query_error=query_error,
    penalty=penalty,
    extra_error=extra_error,
    support_accuracy=_accuracy(support_logits, support_targets),
  )


def check_ridge(
  ridge: float | Literal["relative"], relative_ridge: float
) -> None:
  """Checks the ridge penalty of a read-out.

  Args:
    ridge: Strength, or `"relative"`.
    relative_ridge: Strength of the relative penalty.

  Raises:
    ValueError: If a strength is not positive.
  """
  known = ridge == "relative" if isinstance(ridge, str) else ridge > 0
  if not known:
    raise ValueError(
      f"`ridge` must be positive or 'relative'. Received: ridge={ridge!r}"
    )
  if not relative_ridge > 0:
    raise ValueError(
      "`relative_ridge` must be positive. Received: "
      f"relative_ridge={relative_ridge!r}"
    )


def _fit(features, targets, ridge, relative_ridge):
  """Read-out `[..., u + 1, k]`, and its penalty per example.

  The bias has no penalty; centring removes it from the equations.
  """
  mean = tf.reduce_mean(features, axis=-2, keepdims=True)
  target_mean = tf.reduce_mean(targets, axis=-2, keepdims=True)
  centered = features - mean
  gram = tf.matmul(centered, centered, transpose_a=True)
  if ridge == "relative":
    scale = tf.linalg.trace(gram) / features.shape[-1]
    strength = tf.maximum(relative_ridge * scale, SMALLEST_POWER)
  else:
    strength = tf.fill(features.shape[:-2], tf.constant(ridge, features.dtype))
  unit = tf.eye(features.shape[-1], dtype=features.dtype)
  moment = tf.matmul(centered, targets - target_mean, transpose_a=True)
  weights = tf.linalg.cholesky_solve(
    tf.linalg.cholesky(gram + strength[..., tf.newaxis, tf.newaxis] * unit),
    moment,
  )
  bias = target_mean - tf.matmul(mean, weights)
  penalty = (
    strength
    * tf.reduce_sum(tf.square(weights), axis=[-2, -1])
    / features.shape[-2]
  )
  return tf.concat([weights, bias], axis=-2), penalty


def _apply(readout, features):
  return tf.matmul(features, readout[..., :-1, :]) + readout[..., -1:, :]


def _squared_error(values, targets):
  errors = tf.reduce_sum(tf.square(values - targets), axis=-1)
  return tf.reduce_mean(errors, axis=-1)


def _center_and_scale(targets):
  """Class targets of mean 0 over all entries and mean squared norm 1."""
  targets -= tf.reduce_mean(targets, axis=[-2, -1], keepdims=True)
  power = tf.reduce_mean(
    tf.reduce_sum(tf.square(targets), axis=-1, keepdims=True),
    axis=-2,
    keepdims=True,
  )
  return targets * tf.math.rsqrt(power)


def _standardize_columns(targets):
  mean, variance = tf.nn.moments(targets, axes=[-2], keepdims=True)
  return (targets - mean) * tf.math.rsqrt(variance + SMALLEST_POWER)


def _accuracy(logits, targets):
  hits = tf.argmax(logits, axis=-1, output_type=tf.int32) == tf.argmax(
    targets, axis=-1, output_type=tf.int32
  )
  return tf.reduce_mean(tf.cast(hits, logits.dtype), axis=-1)


def _check(support_features, support_targets, query_features, query_targets):
  support, query = support_features.shape, query_features.shape
  arrays = (support_features, support_targets, query_features, query_targets)
  if (
    min(len(array.shape) for array in arrays) < 2
    or support[-1] != query[-1]
    or support_targets.shape[-1] != query_targets.shape[-1]
    or support[-2] != support_targets.shape[-2]
    or query[-2] != query_targets.shape[-2]
  ):
    raise ValueError(
      "Features [..., b, u] and targets [..., b, k] must agree in u, k, and "
      "each pair in b. Received: shapes "
      f"support_features={tuple(support)}, "
      f"support_targets={tuple(support_targets.shape)}, "
      f"query_features={tuple(query)}, "
      f"query_targets={tuple(query_targets.shape)}"
    )
