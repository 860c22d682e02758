# SPDX-License-Identifier: Apache-2.0
"""A scikit-learn transformer whose features an update rule learns."""

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
from lurl_tf.models.rule_trainer import needs_labels
from lurl_tf.models.training_batches import LeftOutWarning
from lurl_tf.optimizers import DecayedSGD


class RuleFeatures(
  sklearn.base.ClassNamePrefixFeaturesOutMixin,
  sklearn.base.TransformerMixin,
  sklearn.base.BaseEstimator,
):
  """Learns features from unlabelled rows with an update rule.

  Rules expect inputs of about unit scale, such as pixels from 0 to 1; put a
  scaler before this transformer for others.

  Args:
    rule: Rule, its name, or a path; see `lurl_tf.rule.get`.
    units: Units of each layer, bottom first; the last are the features.
    activation: Activation of the layers.
    inner_steps: Number of applications of the rule; None for the number that it
      was meta-trained with.
    batch_size: Number of rows of a step; None for the number that the rule was
      meta-trained with.
    learning_rate: Learning rate of `DecayedSGD`; None for the optimizer that
      the rule was meta-trained with.
    jit_compile: Whether XLA compiles a step, which takes about ten seconds and
      then runs up to twice as fast.
    random_state: Seed, or random state, of initial weights and row order.

  Attributes:
    model_: Fitted `LocalRuleModel`.
    n_features_in_: Number of columns.

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

  def fit(self, X: Any, y: Any = None) -> "RuleFeatures":
    """Learns the features.

    Args:
      X: Inputs `[b, i]`.
      y: Labels, for supervised rules; ignored otherwise.

    Returns:
      This transformer.

    Raises:
      ValueError: If X is not finite, or has fewer than two rows.
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
      # Rows that are left out of one epoch are shuffled into the next one.
      warnings.simplefilter("ignore", LeftOutWarning)
      model.fit(
        inputs,
        y if needs_labels(rule) else None,
        batch_size=batch_size,
        epochs=epochs,
        verbose=0,
      )
    self.model_ = model
    self._n_features_out = model.base_model.output_shape[-1]
    return self

  def transform(self, X: Any) -> np.ndarray:
    """Computes the features of every row, which do not depend on other rows.

    Args:
      X: Inputs `[b, i]`.

    Returns:
      Features, float32 `[b, u]`.
    """
    check_is_fitted(self)
    inputs = validate_data(self, X, dtype=np.float32, reset=False)
    return self.model_.predict(inputs, verbose=0)

  def __sklearn_tags__(self) -> sklearn.utils.Tags:
    tags = super().__sklearn_tags__()
    tags.transformer_tags.preserves_dtype = ["float32"]
    return tags
