# SPDX-License-Identifier: Apache-2.0
"""Runs pytest on the given files; main program of the tests in Bazel."""

import sys

import pytest

if __name__ == "__main__":
  sys.exit(pytest.main(["-p", "no:cacheprovider", *sys.argv[1:]]))
