# SPDX-License-Identifier: Apache-2.0
"""Runs pytest on the files given; the main program of Bazel's tests."""

import sys

import pytest

if __name__ == "__main__":
  sys.exit(pytest.main(["-p", "no:cacheprovider", *sys.argv[1:]]))
