# SPDX-License-Identifier: Apache-2.0
"""Tests of drawing one item ahead."""

import threading

import pytest

from lurl_tf.meta.slots.queue import Prefetcher


def test_what_was_begun_is_drawn_once_and_in_another_thread():
  prefetcher, threads = Prefetcher(), []

  def draw():
    threads.append(threading.current_thread())
    return "item"

  prefetcher.start(3, draw)
  assert prefetcher.take(3, draw) == "item"
  assert len(threads) == 1
  assert threads[0] is not threading.current_thread()


def test_another_item_than_was_begun_is_drawn_anew():
  prefetcher = Prefetcher()
  assert prefetcher.take(0, lambda: "first") == "first"
  prefetcher.start(1, lambda: "stale")
  assert prefetcher.take(2, lambda: "asked for") == "asked for"
  # Nothing is handed out twice.
  prefetcher.start(3, lambda: "once")
  assert prefetcher.take(3, lambda: "not used") == "once"
  assert prefetcher.take(3, lambda: "again") == "again"


def test_errors_reach_the_one_who_waits():
  prefetcher = Prefetcher()

  def fail():
    raise ValueError("no such data")

  prefetcher.start(0, fail)
  with pytest.raises(ValueError, match="no such data"):
    prefetcher.take(0, fail)
  assert prefetcher.take(1, lambda: "next") == "next"
