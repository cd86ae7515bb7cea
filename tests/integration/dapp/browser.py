"""A headless Chromium, driven over its debugging pipe (no port, no package): logs in, looks, clicks.

https://chromedevtools.github.io/devtools-protocol/
"""

from __future__ import annotations

import base64
import itertools
import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from tests.waiting import PATIENCE

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")

AXE = Path(__file__).parents[3] / "node/dapp/frontend/node_modules/axe-core/axe.min.js"
"""Looks through a page as people with a screen reader, or with weak eyes, find it (dequelabs/axe-core)."""

SERIOUS = """axe.run(document, {resultTypes: ['violations']}).then(found => found.violations
    .filter(each => ['serious', 'critical'].includes(each.impact))
    .map(each => `${each.id}: ${each.nodes.map(node => node.html).join(' | ').slice(0, 600)}`))"""

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--remote-debugging-pipe",
)


class Navigated(Exception):
    """The page was left while it was asked."""


class Browser:
    """One page of one browser; `complaints` collects what scripts and the content policy complained about."""

    def __init__(self, profile: Path) -> None:
        """Start it with a fresh profile folder."""
        assert CHROMIUM is not None
        to_us, from_it = os.pipe()
        from_us, to_it = os.pipe()
        # Chromium reads from 3 and writes to 4; bash puts the pipes there (dash knows no number above 9).
        command = f'exec "$@" 3<&{from_us} 4>&{from_it}'
        self._process = subprocess.Popen(
            ["bash", "-c", command, "bash", CHROMIUM, *FLAGS, f"--user-data-dir={profile}", "about:blank"],
            pass_fds=(from_us, from_it),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        os.close(from_us)
        os.close(from_it)
        self._write, self._read = os.fdopen(to_it, "wb", buffering=0), to_us
        self._numbers, self._rest = itertools.count(1), b""
        self.complaints: list[str] = []
        self._asked_for: dict[str, str] = {}
        self._received: dict[str, int] = {}
        target = next(t for t in self._ask("Target.getTargets")["targetInfos"] if t["type"] == "page")
        attached = self._ask("Target.attachToTarget", targetId=target["targetId"], flatten=True)
        self._session: str | None = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log"):
            self._ask(f"{domain}.enable")

    _session: str | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.terminate()
        self._process.wait(PATIENCE)
        self._write.close()
        os.close(self._read)

    def size(self, width: int, height: int, dark: bool = False) -> None:
        """Look through a window of this size, in light or dark."""
        phone = width < 600
        self._ask(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=2 if phone else 1,
            mobile=phone,
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self._ask("Emulation.setEmulatedMedia", features=[scheme])

    def open(self, address: str) -> None:
        """Go there and wait until it is loaded."""
        self.run("window.before = true")
        self._ask("Page.navigate", url=address)
        self.until("!window.before && document.readyState === 'complete'")

    def fetching(self, address: str, script: str) -> dict[str, int]:
        """As somebody who was never here: go there, and answer what was fetched until an expression is true.

        By path, the bytes that came, headers included; 0 for what is not complete, as a stream.
        """
        self._ask("Network.enable")
        self._ask("Network.clearBrowserCache")
        self._ask("Network.setBypassServiceWorker", bypass=True)
        self._asked_for.clear()
        self._received.clear()
        self.open(address)
        self.until(script)
        self._ask("Network.disable")
        found: dict[str, int] = {}
        for number, url in self._asked_for.items():
            path = urlsplit(url).path
            found[path] = found.get(path, 0) + self._received.get(number, 0)
        return found

    def run(self, script: str) -> Any:
        """What an expression comes to."""
        answer = self._ask("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        return answer["result"].get("value")

    def until(self, script: str, patience: float = PATIENCE) -> None:
        """Wait until an expression is true."""
        end = time.monotonic() + patience
        while not self._holds(script):
            assert time.monotonic() < end, f"in {patience} s it never came true: {script}"
            time.sleep(0.05)

    def _holds(self, script: str) -> bool:
        try:
            return bool(self.run(f"Boolean({script})"))
        except Navigated:
            return False

    def log_in(self, address: str, name: str, password: str) -> None:
        """By the form, as a person does."""
        self.open(f"{address}/login")
        self.run(
            f"document.getElementById('name').value = {json.dumps(name)};"
            f"document.getElementById('password').value = {json.dumps(password)};"
            "document.querySelector('form.stack').requestSubmit()"
        )
        self.until("location.pathname === '/' && document.readyState === 'complete'")

    def serious(self) -> list[str]:
        """What axe-core finds serious or critical on the page as it is now."""
        if not self.run("Boolean(window.axe)"):
            self.run(AXE.read_text(encoding="utf-8") + "; true")
        found: list[str] = self.run(SERIOUS)
        return found

    def picture(self, path: Path, whole: bool = True) -> None:
        """Save what is seen, or the whole page, as PNG, once the page is there: before, it has no width."""
        self.until("document.readyState === 'complete' && document.documentElement.scrollWidth > 0")
        answer = self._ask("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(base64.b64decode(answer["data"]))

    def _ask(self, method: str, **parameters: object) -> dict[str, Any]:
        number = next(self._numbers)
        message: dict[str, object] = {"id": number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        self._write.write(json.dumps(message).encode() + b"\0")
        answer = self._hear(lambda heard: heard.get("id") == number)
        if "navigated" in answer.get("error", {}).get("message", ""):
            raise Navigated(method)
        assert "error" not in answer, f"{method}: {answer['error']}"
        found: dict[str, Any] = answer["result"]
        return found

    def _hear(self, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        while True:
            while b"\0" not in self._rest:
                more = os.read(self._read, 1 << 16)
                assert more, "Chromium ended"
                self._rest += more
            raw, _, self._rest = self._rest.partition(b"\0")
            heard: dict[str, Any] = json.loads(raw)
            self._note(heard)
            if wanted(heard):
                return heard

    def _note(self, heard: dict[str, Any]) -> None:
        match heard.get("method"):
            case "Runtime.exceptionThrown":
                self.complaints.append(str(heard["params"]["exceptionDetails"]))
            case "Log.entryAdded" if heard["params"]["entry"]["level"] == "error":
                self.complaints.append(heard["params"]["entry"]["text"])
            case "Network.requestWillBeSent":
                self._asked_for[heard["params"]["requestId"]] = heard["params"]["request"]["url"]
            case "Network.loadingFinished":
                self._received[heard["params"]["requestId"]] = int(heard["params"]["encodedDataLength"])
            case _:
                pass
