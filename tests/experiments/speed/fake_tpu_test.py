# SPDX-License-Identifier: Apache-2.0
"""Tests of reading a compiled program's text; compiling needs libtpu."""

from experiments.speed import fake_tpu

# Lines as libtpu 0.0.42.1 prints them, shortened.
PROGRAM = """
  %all-reduce.1 = f32[3,40]{1,0:T(8,128)} all-reduce(%add), channel_id=1
  %all-reduce-start = (f32[10]{0}, bf16[6]{0}) all-reduce-start(%a, %b)
  %all-reduce-done = f32[10]{0} all-reduce-done(%all-reduce-start)
  %c.1 = f32[8,4]{1,0} convolution(%x, %y), operand_precision={highest,highest}
  %c.2 = f32[8,4]{1,0} convolution(%x, %y)
  %d.1 = f32[8,4]{1,0} dot(%x, %y), operand_precision={high,high}
  %f = f32[8]{0} fusion(%x), kind=kLoop, calls=%convolution
"""


def test_reductions_are_counted_with_their_bytes():
  assert fake_tpu.all_reduces(PROGRAM) == (2, 4 * 3 * 40 + 4 * 10 + 2 * 6)
  assert fake_tpu.all_reduces("%a = f32[2]{0} add(%b, %c)") == (0, 0)


def test_products_are_counted_by_their_precision():
  assert fake_tpu.product_precisions(PROGRAM) == {
    "default": 1,
    "high": 1,
    "highest": 1,
  }
