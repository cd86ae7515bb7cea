"""The API over real sockets: an old client's requests, the page's examples, and what long answers cost."""

from __future__ import annotations

import csv
import http.client
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from chain.keys import Account
from node.dapp.api.tokens import AppTokens, Scope
from node.readings.interface import Sample
from node.readings.sqlite import SqliteReadings
from relay_server.client import RelayClient
from relay_server.errors import RelayUnreachable
from tests.integration.dapp import made_up
from tests.integration.dapp.served import Pages, served
from tests.integration.relay_server.relay_rig import make_settings
from tests.waiting import eventually

HOST = "127.0.7.8"
DOCUMENT = Path(__file__).parents[3] / "docs" / "api.md"

YEAR_MS = 365 * 86_400_000
QUARTER_MS = 900_000

GROWTH_KB = 6 * 1024
"""What a year of rollups may leave behind: buffers of the first requests, and no year."""


@pytest.fixture
def pages(tmp_path: Path) -> Iterator[Pages]:
    made_up.furnish(tmp_path)
    made_up.publish(tmp_path)
    with served(tmp_path, HOST) as pages:
        yield pages


@pytest.fixture
def token(pages: Pages, tmp_path: Path) -> str:
    tokens = AppTokens(tmp_path / "state")
    try:
        return tokens.create("tester", Scope, time.time())
    finally:
        tokens.close()


def post(pages: Pages, path: str, form: dict[str, str]) -> tuple[int, Any]:
    """As a client without cookies sends a form."""
    connection = http.client.HTTPConnection(pages.host, pages.port, timeout=30)
    connection.request("POST", path, urlencode(form), {"Content-Type": "application/x-www-form-urlencoded"})
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer.status, json.loads(text)


def test_daisees_consumer_reads_its_energy_as_it_did_from_citizenwatt(pages: Pages) -> None:
    """What its client_interaction asked every 16 seconds, by name and password: the base's time, then the
    watts since the turn before, whose values it added up."""
    who = {"login": "home", "password": pages.password}
    status, told = post(pages, "/api/time", who)
    assert status == 200
    now = told["data"]
    _, sensors = post(pages, "/api/sensors", who)
    number = next(each["id"] for each in sensors["data"] if each["name"] == "load")
    seen: list[dict[str, Any]] = []
    for turn in range(3):
        end = now - 60 + 16 * turn
        status, told = post(pages, f"/api/{number}/get/watts/by_time/{end - 16}/{end}", who)
        assert status == 200
        assert told.keys() == {"data", "rate"}
        seen += told["data"] or []
    assert 4 <= len(seen) <= 6  # one in ten seconds
    assert [each["timestamp"] for each in seen] == sorted({each["timestamp"] for each in seen})
    assert 30 < sum(each["value"] for each in seen) / len(seen) < 100
    assert post(pages, f"/api/{number}/get/watts/by_time/16/32", who)[1]["data"] is None
    assert post(pages, "/api/time", who | {"password": "wrong"})[0] == 403


@pytest.fixture
def relay(tmp_path: Path) -> Iterator[None]:
    """The household's relay, which waits for its chain and tells its contacts all the same."""
    folder = tmp_path / "relay"
    folder.mkdir()
    given = {
        "folder": str(folder),
        "settings": make_settings(listen="127.0.7.9:15555").model_dump(mode="json"),
        "owner": Account.of(b"\x51" * 32).address,
        "rpc": "http://127.0.7.9:1",
        "manifest": str(folder / "manifest.json"),
    }
    (folder / "given.json").write_text(json.dumps(given))
    command = [sys.executable, "-m", "tests.integration.relay_server.relay_process"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([*command, str(folder / "given.json")], stderr=log)
    try:
        eventually(_answers, "a relay that answers")
        yield
    finally:
        process.kill()
        process.wait()


def _answers() -> bool:
    try:
        with RelayClient("127.0.7.9:15555", None, None, None) as client:
            return bool(client.state())
    except RelayUnreachable:
        return False


@pytest.mark.skipif(shutil.which("curl") is None, reason="no curl: install the package curl")
@pytest.mark.usefixtures("relay")
def test_every_example_of_the_page_answers(pages: Pages, token: str, tmp_path: Path) -> None:
    examples = re.findall(r"^curl .*$", DOCUMENT.read_text(), re.M)
    assert len(examples) > 25
    environment = {
        **os.environ, "TOKEN": token, "HERE": pages.address, "ORDER": made_up.order(8), "no_proxy": "*",
    }  # fmt: skip
    for line in examples:
        command = line.replace("curl ", "curl --silent --show-error --fail-with-body ", 1)
        done = subprocess.run(
            ["bash", "-c", command],
            env=environment,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"
        if "/metrics" not in line and "-o " not in line:
            json.loads(done.stdout)
    rows = list(csv.DictReader((tmp_path / "load.csv").open()))
    assert sum(int(row["forward_mwh"]) for row in rows) > 60_000
    assert len((tmp_path / "trades.csv").read_text().splitlines()) == 10


def test_a_year_of_rollups_is_streamed_in_flat_memory(pages: Pages, token: str, tmp_path: Path) -> None:
    end = int(time.time() * 1_000) // QUARTER_MS * QUARTER_MS - YEAR_MS // 300
    moments = range(end - YEAR_MS, end, QUARTER_MS)
    with SqliteReadings(tmp_path / "state" / "readings.db") as readings:
        for first in range(0, len(moments), 4_000):
            readings.append(
                [
                    Sample(meter="load", taken=at, power=0, forward=20 * i, reverse=0)
                    for i, at in enumerate(moments[first : first + 4_000], first)
                ]
            )

    def exported() -> list[str]:
        connection = http.client.HTTPConnection(pages.host, pages.port, timeout=120)
        connection.request(
            "GET",
            f"/api/v1/rollups?meter=load&step=15min&from={moments[0] // 1_000}&to={end // 1_000}&format=csv",
            headers={"Authorization": f"Bearer {token}"},
        )
        lines = connection.getresponse().read().decode().split("\r\n")
        connection.close()
        return lines

    whole = exported()
    before = pages.memory()
    assert exported() == whole
    assert len(whole) == len(moments) + 2  # a head, and nothing behind the last
    assert sum(int(line.rsplit(",", 2)[1]) for line in whole[1:-1]) == 20 * (len(moments) - 1)
    assert pages.memory() - before < GROWTH_KB


def test_the_process_never_loads_what_describes_the_api(pages: Pages, token: str) -> None:
    for path in ("/api/v1/", "/api/v1/energy?meter=load&cost=grid", "/api/v1/openapi.json", "/metrics"):
        connection = http.client.HTTPConnection(pages.host, pages.port, timeout=30)
        connection.request("GET", path, headers={"Authorization": f"Bearer {token}"})
        assert connection.getresponse().status == 200
        connection.close()
    mapped = Path(f"/proc/{pages.process.pid}/maps").read_text()
    assert "pydantic" not in mapped
    assert "_yaml" not in mapped
