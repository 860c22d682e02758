# SPDX-License-Identifier: Apache-2.0
"""Chromium without a window, driven through a pipe (DevTools protocol).

https://chromedevtools.github.io/devtools-protocol
"""

import base64
import json
import os
import select
import shutil
import subprocess
import time

PROGRAM = shutil.which("chromium") or shutil.which("google-chrome")

# All visible text, including that of shadow roots and frames.
_TEXT = """
(() => {
  const texts = [];
  const walk = node => {
    if (["SCRIPT", "STYLE", "TEMPLATE"].includes(node.nodeName)) return;
    if (node.nodeType === Node.TEXT_NODE) texts.push(node.data);
    if (node.shadowRoot) walk(node.shadowRoot);
    if (node.nodeName === "IFRAME") walk(node.contentDocument.body);
    node.childNodes.forEach(walk);
  };
  walk(document.body);
  return texts.join(" ").replace(/\\s+/g, " ");
})()
"""

# Numbers of elements that are drawn within each drawn outer element, including
# those of shadow roots and frames.
_COUNTS = """
((outer, inner) => {
  const find = (root, selector) => {
    const found = [...root.querySelectorAll(selector)].filter(element =>
      (element.nodeName !== "IMG" || element.naturalWidth > 0) &&
      element.getBoundingClientRect().width > 0);
    for (const element of root.querySelectorAll("*")) {
      if (element.shadowRoot) found.push(...find(element.shadowRoot, selector));
      if (element.nodeName === "IFRAME")
        found.push(...find(element.contentDocument, selector));
    }
    return found;
  };
  const within = element =>
    find(element, inner).length +
    (element.shadowRoot ? find(element.shadowRoot, inner).length : 0);
  return find(document, outer).map(within);
})
"""


class Browser:
  """Context manager of one page.

  Args:
    profile: Path of a folder for the browser's profile.
    size: Width and height of the page in pixels.
  """

  def __init__(self, profile, size=(1400, 1600)):
    commands, self._commands = os.pipe()
    self._answers, answers = os.pipe()
    # The program reads from 3 and writes to 4.
    self._process = subprocess.Popen(
      [
        "bash",
        "-c",
        f'exec "$@" 3<&{commands} 4>&{answers}',
        "bash",
        PROGRAM,
        "--headless=new",
        "--no-sandbox",
        "--remote-debugging-pipe",
        "--enable-unsafe-swiftshader",
        "--disable-dev-shm-usage",
        f"--user-data-dir={profile}",
        f"--window-size={size[0]},{size[1]}",
        "about:blank",
      ],
      pass_fds=(commands, answers),
      stdout=subprocess.DEVNULL,
      stderr=subprocess.DEVNULL,
    )
    os.close(commands)
    os.close(answers)
    self._number, self._session, self._received = 0, None, b""
    target = self._call("Target.createTarget", url="about:blank")
    self._session = self._call(
      "Target.attachToTarget", targetId=target["targetId"], flatten=True
    )["sessionId"]
    self._call(
      "Emulation.setDeviceMetricsOverride",
      width=size[0],
      height=size[1],
      deviceScaleFactor=1,
      mobile=False,
    )

  def __enter__(self):
    return self

  def __exit__(self, *_):
    self._process.kill()
    self._process.wait()
    os.close(self._commands)
    os.close(self._answers)

  def open(self, url):
    """Opens an address in an empty page."""
    self._call("Page.navigate", url="about:blank")
    self._call("Page.navigate", url=url)

  def run(self, script):
    """Value of a JavaScript expression."""
    answer = self._call(
      "Runtime.evaluate",
      expression=script,
      returnByValue=True,
      awaitPromise=True,
    )
    if "exceptionDetails" in answer:
      raise RuntimeError(str(answer["exceptionDetails"])[:500])
    return answer["result"].get("value")

  def text(self):
    """All text on the page."""
    return self.run(_TEXT)

  def counts(self, outer, inner="*"):
    """Numbers of drawn `inner` elements within each drawn `outer` one."""
    return self.run(f"{_COUNTS}({json.dumps(outer)}, {json.dumps(inner)})")

  def count(self, selector):
    """Number of drawn elements that match a CSS selector."""
    return len(self.counts(selector))

  def wait_until(self, condition, seconds=90):
    """Waits until a function of this browser is true; False after a timeout."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
      try:
        if condition(self):
          return True
      except RuntimeError:
        pass  # The page is not there yet.
      time.sleep(0.5)
    return False

  def screenshot(self, path):
    """Writes a PNG of the visible part."""
    answer = self._call("Page.captureScreenshot", format="png")
    with open(path, "wb") as file:
      file.write(base64.b64decode(answer["data"]))

  def _call(self, method, seconds=120, **parameters):
    self._number += 1
    message = {"id": self._number, "method": method, "params": parameters}
    if self._session:
      message["sessionId"] = self._session
    os.write(self._commands, json.dumps(message).encode() + b"\0")
    end = time.monotonic() + seconds
    while True:
      message = json.loads(self._read(end))
      if message.get("id") != self._number:
        continue  # An event.
      if "error" in message:
        raise RuntimeError(f"{method}: {message['error']}")
      return message["result"]

  def _read(self, end):
    """Next message of the browser."""
    while b"\0" not in self._received:
      wait = max(0.0, end - time.monotonic())
      if not select.select([self._answers], [], [], wait)[0]:
        raise TimeoutError("The browser does not respond.")
      received = os.read(self._answers, 2**16)
      if not received:
        raise EOFError("The browser has ended.")
      self._received += received
    message, _, self._received = self._received.partition(b"\0")
    return message
