# SPDX-License-Identifier: Apache-2.0
"""Runs the blocks of every page of docs/, and follows the pages' links.

The Python and bash blocks of a page run in their order, in a temporary folder
of the page's own; Python blocks share one interpreter, which begins fresh.
Blocks marked `slow` after the language are left out, but with `-m slow`. Blocks
of other languages, such as `console` or `json`, are to be read only.
"""

import json
import os
import re
import subprocess
import sys
from typing import NamedTuple

import pytest

from tests import source_tree

pytestmark = pytest.mark.skipif(
  not source_tree.IS_WHOLE, reason="needs the whole checkout"
)

DOCS = source_tree.ROOT / "docs"
PAGES = sorted(DOCS.rglob("*.md"))

# Reads a JSON list of [language, line of the fence, text]. Line numbers of
# tracebacks are those of the page.
RUNNER = r"""
import json, subprocess, sys
page, blocks = sys.argv[1], json.load(sys.stdin)
names = {"__name__": "__main__"}
for language, line, text in blocks:
  try:
    if language == "python":
      exec(compile("\n" * line + text, page, "exec"), names)
    else:
      subprocess.run(["bash", "-e", "-c", text], check=True)
  except BaseException:
    print(f"FAILED: the block at {page}:{line}", file=sys.stderr, flush=True)
    raise
  sys.stdout.flush()
"""


class Block(NamedTuple):
  """A fenced block of a page.

  Attributes:
    language: First word of its info string.
    line: Number of the line of its opening fence, from 1.
    text: Text within the fences.
    slow: Whether its info string contains "slow".
  """

  language: str
  line: int
  text: str
  slow: bool


def read_blocks(text):
  """All fenced blocks of a page, in order."""
  blocks, opened = [], None
  for number, line in enumerate(text.splitlines(), 1):
    if opened is None and line.startswith("```"):
      opened = Block("", number, "", False)
      words = line[3:].split()
      opened = opened._replace(language=words[0], slow="slow" in words[1:])
    elif line == "```":
      blocks.append(opened)
      opened = None
    elif opened is not None:
      opened = opened._replace(text=f"{opened.text}{line}\n")
  assert opened is None, f"the block of line {opened.line} does not end"
  return blocks


def blocks_to_run(page, slow):
  return [
    block
    for block in read_blocks(page.read_text())
    if block.language in ("python", "bash") and (slow or not block.slow)
  ]


def run_blocks(blocks, page, folder):
  """Runs blocks, and fails with the end of their output."""
  done = subprocess.run(
    [sys.executable, "-c", RUNNER, str(page)],
    input=json.dumps([[b.language, b.line, b.text] for b in blocks]),
    cwd=folder,
    env={
      "TF_CPP_MIN_LOG_LEVEL": "3",
      **os.environ,
      "PATH": os.pathsep.join(
        [os.path.dirname(sys.executable), os.environ.get("PATH", "")]
      ),
      "PYTHONPATH": str(source_tree.ROOT),
    },
    stdout=subprocess.PIPE,
    stderr=subprocess.STDOUT,
    text=True,
    check=False,
  )
  print(done.stdout)
  if done.returncode:
    pytest.fail(done.stdout[-6000:], pytrace=False)


def page_name(page):
  """Path within docs/, such as `log/speed.md`."""
  return page.relative_to(DOCS).as_posix()


def page_names(slow):
  return [
    page_name(page)
    for page in PAGES
    if any(block.slow or not slow for block in blocks_to_run(page, slow))
  ]


def test_there_are_pages():
  assert {"README.md", "log/speed.md"} <= {page_name(page) for page in PAGES}


@pytest.mark.parametrize("name", page_names(slow=False))
def test_blocks(name, tmp_path):
  run_blocks(blocks_to_run(DOCS / name, slow=False), DOCS / name, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("name", page_names(slow=True))
def test_all_blocks_with_the_slow_ones(name, tmp_path):
  run_blocks(blocks_to_run(DOCS / name, slow=True), DOCS / name, tmp_path)


def test_a_failing_block_is_shown_with_its_line(tmp_path):
  page = tmp_path / "page.md"
  page.write_text("# Page\n\n```python\na = 1\n```\n\n```bash\nfalse\n```\n")
  with pytest.raises(pytest.fail.Exception, match=r"FAILED: .*page\.md:7"):
    run_blocks(blocks_to_run(page, slow=False), page, tmp_path)


def test_slow_blocks_and_other_languages_are_left_out(tmp_path):
  page = tmp_path / "page.md"
  page.write_text(
    "```python slow\na\n```\n```console\nb\n```\n```python\nc\n```\n"
  )
  texts = [[b.text for b in blocks_to_run(page, slow)] for slow in (0, 1)]
  assert texts == [["c\n"], ["a\n", "c\n"]]


def test_the_index_names_every_page():
  index = (DOCS / "README.md").read_text()
  missing = [
    page_name(page)
    for page in PAGES
    if page != DOCS / "README.md" and f"({page_name(page)})" not in index
  ]
  assert missing == []


LINKING = [
  *PAGES,
  source_tree.ROOT / "README.md",
  source_tree.ROOT / "CONTRIBUTING.md",
  source_tree.ROOT / "CHANGELOG.md",
]


def without_blocks(page):
  return re.sub(r"^```.*?^```$", "", page.read_text(), flags=re.M | re.S)


def anchors(page):
  """Names that GitHub gives to the headings of a page."""
  headings = re.findall(r"^#+ (.*)$", without_blocks(page), flags=re.M)
  return {
    re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
    for heading in headings
  }


@pytest.mark.parametrize(
  "page", LINKING, ids=lambda page: str(page.relative_to(source_tree.ROOT))
)
def test_links_lead_somewhere(page):
  targets = re.findall(r"\]\(([^)\s]+)\)", without_blocks(page))
  dead = []
  for target in targets:
    path, _, anchor = target.partition("#")
    file = page.parent / path if path else page
    if "://" in target:
      continue
    if not file.exists() or (anchor and anchor not in anchors(file)):
      dead.append(target)
  assert dead == []


@pytest.mark.parametrize("page", PAGES, ids=page_name)
def test_lines_are_short(page):
  """Lines of blocks are short; those of tables may be long."""
  blocks = read_blocks(page.read_text())
  long = [
    line for b in blocks for line in b.text.splitlines() if len(line) > 80
  ]
  assert long == []
