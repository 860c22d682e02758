# SPDX-License-Identifier: Apache-2.0
"""Tests that pixels are weights."""

import numpy as np

from experiments.inspection.receptive_fields import receptive_field_grid


def tile_of(grid, index, columns, side):
  """A unit's pixels, cut out of a grid with gaps of one pixel."""
  top, left = (1 + each * (side + 1) for each in divmod(index, columns))
  return grid[top : top + side, left : left + side]


def test_a_tile_is_a_unit_in_units_of_its_largest_weight():
  kernel = np.random.default_rng(0).normal(size=[16, 5])
  grid = receptive_field_grid(kernel, (4, 4, 1))
  assert grid.dtype == np.uint8
  assert grid.shape == (2 * 5 + 1, 3 * 5 + 1, 1)
  for unit in range(5):
    weights = kernel[:, unit].reshape(4, 4, 1)
    shown = tile_of(grid, unit, 3, 4) / 127.5 - 1
    np.testing.assert_allclose(
      shown, weights / np.abs(weights).max(), atol=0.5 / 127.5 + 1e-9
    )
  # There is no sixth unit.
  assert np.all(tile_of(grid, 5, 3, 4) == 255)


def test_colours_are_scaled_together():
  kernel = np.zeros([12, 1])
  kernel[:, 0] = [2, 1, 0, -2, 0, 0, 0, 0, 0, 0, 0, 0]
  grid = receptive_field_grid(kernel, (2, 2, 3))
  np.testing.assert_array_equal(
    tile_of(grid, 0, 1, 2)[0], [[255, 191, 128], [0, 128, 128]]
  )


def test_dead_units_are_gray_and_few_units_are_shown():
  kernel = np.zeros([4, 9])
  kernel[0, 1] = np.nan
  grid = receptive_field_grid(kernel, (2, 2, 1), max_units=4)
  assert grid.shape == (7, 7, 1)
  assert np.all(tile_of(grid, 0, 2, 2) == 128)
  assert np.all(tile_of(grid, 1, 2, 2) == 128)
