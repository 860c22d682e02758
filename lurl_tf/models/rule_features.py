# SPDX-License-Identifier: Apache-2.0
"""Features that a rule learns, as a scikit-learn transformer."""

import math
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
import sklearn.base
import sklearn.utils
from sklearn.utils.validation import check_is_fitted, validate_data

from lurl_tf import rule as rules
from lurl_tf.models.defaults import default_optimizer, metadata_of
from lurl_tf.models.local_rule_model import LocalRuleModel
from lurl_tf.optimizers import DecayedSGD


class RuleFeatures(
  sklearn.base.ClassNamePrefixFeaturesOutMixin,
  sklearn.base.TransformerMixin,
  sklearn.base.BaseEstimator,
):
  """Learns features from unlabelled rows by an update rule.

  Rules are meant for inputs of about unit scale, such as pixels from 0 to 1;
  put a scaler before it for others.

  Args:
    rule: a rule, the name of one, or a path; see `lurl_tf.rule.get`.
    units: units of each layer, bottom first; the last are the features.
    activation: of the layers.
    inner_steps: applications of the rule; None for as many as it was
      meta-trained with.
    batch_size: rows of one step; None for what it was meta-trained with.
    learning_rate: of `DecayedSGD`; None for what it was meta-trained with.
    jit_compile: whether XLA compiles a step: about ten seconds at the start,
      and then up to twice the speed.
    random_state: seed, or source of it, of starting weights and row order.

  Attributes:
    model_: the fitted `LocalRuleModel`.
    n_features_in_: number of columns.

  Example:

  >>> from sklearn.pipeline import make_pipeline
  >>> from sklearn.linear_model import LogisticRegression
  >>> rng = np.random.default_rng(0)
  >>> X = rng.random((90, 6), np.float32) + np.repeat(np.eye(6)[:3], 30, axis=0)
  >>> features = lurl_tf.RuleFeatures("hebbian", units=(8,), random_state=0)
  >>> pipeline = make_pipeline(features, LogisticRegression())
  >>> pipeline.fit(X, np.repeat([0, 1, 2], 30)).predict(X).shape
  (90,)
  """

  def __init__(
    self,
    rule: Any = None,
    units: Sequence[int] = (128, 32),
    activation: Any = "relu",
    inner_steps: int | None = None,
    batch_size: int | None = None,
    learning_rate: float | None = None,
    jit_compile: bool = False,
    random_state: Any = None,
  ):
    self.rule = rule
    self.units = units
    self.activation = activation
    self.inner_steps = inner_steps
    self.batch_size = batch_size
    self.learning_rate = learning_rate
    self.jit_compile = jit_compile
    self.random_state = random_state

  def fit(self, X: Any, y: Any = None) -> "RuleFeatures":  # noqa: N803
    """Learns the features.

    Args:
      X: `[b, i]`.
      y: labels, for supervised rules; ignored otherwise.

    Returns:
      Itself.

    Raises:
      ValueError: if X is not finite, or of fewer than two rows.
    """
    inputs = validate_data(self, X, dtype=np.float32, ensure_min_samples=2)
    rule = rules.get(self.rule)
    metadata = metadata_of(rule)
    random_state = sklearn.utils.check_random_state(self.random_state)
    model = LocalRuleModel(
      self.units,
      rule,
      self.activation,
      seed=int(random_state.randint(2**31 - 1)),
    )
    optimizer = (
      default_optimizer(rule)
      if self.learning_rate is None
      else DecayedSGD(self.learning_rate)
    )
    model.compile(optimizer, jit_compile=self.jit_compile)
    batch_size = min(self.batch_size or metadata.batch_size, len(inputs))
    inner_steps = self.inner_steps or metadata.inner_steps
    epochs = math.ceil(inner_steps / (len(inputs) // batch_size))
    with warnings.catch_warnings():
      # Here, the rows that are left out of an epoch are in the next one.
      warnings.filterwarnings("ignore", message=".*are left out")
      model.fit(
        inputs,
        y if getattr(rule, "needs_targets", False) else None,
        batch_size=batch_size,
        epochs=epochs,
        verbose=0,
      )
    self.model_ = model
    self._n_features_out = model.base_model.output_shape[-1]
    return self

  def transform(self, X: Any) -> np.ndarray:  # noqa: N803
    """The features of every row, whatever its neighbours.

    Args:
      X: `[b, i]`.

    Returns:
      Float32 `[b, u]`.
    """
    check_is_fitted(self)
    inputs = validate_data(self, X, dtype=np.float32, reset=False)
    return self.model_.predict(inputs, verbose=0)

  def __sklearn_tags__(self) -> sklearn.utils.Tags:
    tags = super().__sklearn_tags__()
    tags.transformer_tags.preserves_dtype = ["float32"]
    return tags
