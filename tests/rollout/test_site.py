"""One inventory and one command: four empty hosts become a neighbourhood, and stay it."""

from __future__ import annotations

import json
import re
import socket
import ssl
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from ansible.lab.hosts import NETWORK
from tests.rollout.pages import logged_in
from tests.rollout.street import SERVED, WATCHES, Played, Street, until
from tests.rollout.trades import settled

OPEN = {22, 443}
"""What answers on the home network."""

OURS = {80, 123, 5432, 8080, 8545, 8551, 9090, 9100, 9101, 15555, 30303, 51820}
"""Ports that something of ours or of the system might have: tried whether anything listens or not."""

TOPIC = "nobody-guesses-this"
"""The secret in an address of ntfy's."""

EXPOSURE = {"commonwatt-relay": 3.0}
"""The most that `systemd-analyze security` may say of a unit; of the others, 2.0."""


def test_site_brings_up_a_neighbourhood_on_four_empty_hosts(street: Street, first_run: Played) -> None:
    assert first_run.code == 0, first_run.output[-6_000:]
    print(f"site on four empty hosts: {first_run.seconds:.0f} s")
    for name in street.lab.hosts:
        assert street.on(name, "systemctl --failed --no-legend --plain") == ""
        found = json.loads(street.on(name, "commonwatt-doctor --json"))
        assert found["ok"], found


def test_all_nodes_follow_one_chain_over_the_overlay(street: Street, first_run: Played) -> None:
    height = min(int(street.ask(name, "eth_blockNumber"), 16) for name in street.lab.hosts) - 3
    hashes = {
        street.ask(name, "eth_getBlockByNumber", hex(height), False)["hash"] for name in street.lab.hosts
    }
    assert len(hashes) == 1
    for name in street.lab.hosts:
        assert street.on(name, "ss -Htn state established '( sport = :30303 or dport = :30303 )'").count(
            "10.77.0."
        )


def test_a_trade_settles_between_two_hosts(street: Street, first_run: Played) -> None:
    until(lambda: settled(street), "a redeemed order", 300)
    print(f"settled: {settled(street)[0]}")


def test_a_second_run_changes_nothing(street: Street, first_run: Played) -> None:
    again = street.play("site")
    print(f"site again: {again.seconds:.0f} s")
    assert again.code == 0, again.output[-6_000:]
    assert again.changes() == []
    assert {host: counts["changed"] for host, counts in again.recap().items()} == dict.fromkeys(
        again.recap(), 0
    )
    assert set(street.lab.hosts) <= set(again.recap())


def test_a_dry_run_on_what_is_there_changes_nothing(street: Street, first_run: Played) -> None:
    dry = street.play("site", "--check", "--diff")
    assert dry.code == 0, dry.output[-6_000:]
    assert dry.changes() == []


def test_status_says_that_all_follow_one_chain(street: Street, first_run: Played) -> None:
    said = street.play("status")
    assert said.code == 0, said.output[-6_000:]
    assert "nobody follows another chain" in said.output
    assert said.changes() == []


@pytest.mark.parametrize("name", ["alder", "dogwood"])
def test_from_outside_the_overlay_nothing_but_ssh_and_the_pages_answers(
    street: Street, first_run: Played, name: str
) -> None:
    assert answered(street, name) == OPEN


def test_the_pages_answer_by_https_with_the_neighbourhoods_certificate(
    street: Street, first_run: Played
) -> None:
    for name, host in street.lab.hosts.items():
        assert fetched(host.address, street.files / "authority" / "ca.crt").startswith("HTTP/1.1 "), name


def test_the_units_may_do_little(street: Street, first_run: Played) -> None:
    said = {}
    for unit in street.on("alder", "ls /etc/systemd/system | grep ^commonwatt-.*service$").split():
        name = unit.removesuffix(".service")
        last = street.on("alder", f"systemd-analyze security --no-pager {unit}").strip().splitlines()[-1]
        said[name] = float(last.partition(":")[2].split()[0])
    print(said)
    assert len(said) == 10
    assert {name: score for name, score in said.items() if score > EXPOSURE.get(name, 2.0)} == {}


def test_no_secret_of_one_process_can_be_read_by_another(street: Street, first_run: Played) -> None:
    users = ("cw-chain", "cw-sealer", "cw-logger", "cw-trade", "cw-relay", "cw-dapp", "cw-https", "cw-notify")
    for user in users:
        seen = street.on(
            "alder",
            f"setpriv --reuid={user} --regid=commonwatt --clear-groups ls /etc/commonwatt/keys || true",
        )
        assert seen == "", user
    assert street.on("alder", "find /etc/commonwatt/keys -type f ! -perm 600") == ""


def test_one_host_watches_over_all_and_learns_nothing_of_what_they_use(
    street: Street, first_run: Played
) -> None:
    until(lambda: set(values(street, "up").values()) == {1.0}, "an answer of everybody", 300)
    assert len(values(street, "up")) == 2 * len(street.residents)
    heights = values(street, "commonwatt_chain_height_blocks")
    assert {name for name, *_ in heights} == set(street.residents)
    assert min(heights.values()) > 0
    for name in ("commonwatt_meter_power_watts", "commonwatt_battery_charge_ratio"):
        assert values(street, name) == {}
    for name in ("node_cpu_seconds_total", "node_memory_MemAvailable_bytes", "node_memory_MemTotal_bytes"):
        assert values(street, name), name
    until(lambda: {rule["health"] for rule in rules(street)} == {"ok"}, "a look at every rule", 300)


def test_nobody_but_the_watching_host_may_ask_how_others_do(street: Street, first_run: Played) -> None:
    ask = "curl -sS -o /dev/null -w '%{http_code}' --connect-timeout 10 http://10.77.0.2"
    for port in (9100, 9101):
        assert street.lab.ssh(street.host("alder"), f"{ask}:{port}/metrics").returncode == 28, "dropped"
        assert street.on(WATCHES, f"{ask}:{port}/metrics") == {9100: "200", 9101: "401"}[port]
    assert street.on(WATCHES, f"{ask}:9101/login") == "404"


def test_readings_are_in_postgresql_where_the_inventory_says_so_and_nobody_else_gets_in(
    street: Street, first_run: Played
) -> None:
    def sql(user: str, query: str) -> str:
        run = f"setpriv --reuid={user} --regid=commonwatt --clear-groups psql -tA -d commonwatt -c '{query}'"
        done = street.lab.ssh(street.host(SERVED), run)
        return done.stdout.strip() if done.returncode == 0 else done.stderr

    until(lambda: sql("cw-dapp", "SELECT count(*) > 0 FROM batches") == "t", "a batch")
    assert "permission denied" in sql("cw-dapp", "DELETE FROM batches")
    assert "permission denied" in sql("cw-trade", "CREATE TABLE mine (at integer)")
    assert "no pg_hba.conf entry" in sql("cw-relay", "SELECT 1")
    assert not street.on(SERVED, "ss -Htln 'sport = :5432'")
    assert json.loads(street.on(SERVED, "commonwatt-operator store check --json"))["ok"]
    assert street.lab.ssh(street.host("alder"), "command -v psql").returncode, "SQLite needs nothing"


def test_people_are_told_by_messages_that_leave_the_house(street: Street, first_run: Played) -> None:
    with letters(f"{NETWORK}.1") as (port, came):
        pages = logged_in(street, "alder", first_run)
        pages.go("/settings/notifications")
        pages.press("address", name="Ada", address=f"ntfy://{NETWORK}.1:{port}/{TOPIC}")
        assert f"ntfy://{NETWORK}.1…" in pages.page, pages.page
        [tests] = re.findall(r'id="(test-[0-9a-f]+)"', pages.page)
        pages.press(tests)
        assert "took the message" in pages.page, pages.page
        assert [letter["topic"] for letter in came] == [TOPIC]
        assert street.on("alder", "stat -c '%U %a' /var/lib/commonwatt/notify/notify.people").split() == [
            "cw-notify",
            "600",
        ]
        found = json.loads(street.on("alder", "commonwatt-doctor --json"))["findings"]
        assert "1 are told when something is wrong" in [each["what"] for each in found]
        pages.press(tests.replace("test-", "remove-"))
        assert f"ntfy://{NETWORK}.1…" not in pages.page, pages.page
    assert street.lab.ssh(street.host("alder"), f"journalctl -u 'commonwatt-*' | grep {TOPIC}").stdout == ""


@pytest.mark.parametrize(("user", "told"), [("cw-dapp", True), ("cw-logger", False), ("cw-relay", False)])
def test_only_the_pages_hear_who_is_told(street: Street, first_run: Played, user: str, told: bool) -> None:
    asks = (
        "from pathlib import Path; from node.channel import ask; "
        'print(ask(Path("/run/commonwatt/notify.sock"), {"op": "list"}, silent="silent"))'
    )
    done = street.lab.ssh(
        street.host("alder"),
        f"setpriv --reuid={user} --regid=commonwatt --clear-groups "
        f"/opt/commonwatt/current/venv/bin/python -c '{asks}'",
    )
    if told:
        assert "'people':" in done.stdout, done.stderr
    else:
        assert "Only the household's pages may ask this." in done.stderr


@contextmanager
def letters(address: str) -> Iterator[tuple[int, list[dict[str, Any]]]]:
    """A service that takes messages there, as ntfy does: its port, and what came."""
    came: list[dict[str, Any]] = []

    class Takes(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            came.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer((address, 0), Takes)
    serving = threading.Thread(target=server.serve_forever)
    serving.start()
    try:
        yield server.server_port, came
    finally:
        server.shutdown()
        serving.join()
        server.server_close()


def rules(street: Street) -> list[dict[str, Any]]:
    """The alert rules as Prometheus has them."""
    said = json.loads(street.on(WATCHES, "curl -sS http://127.0.0.1:9090/api/v1/rules"))
    return [rule for group in said["data"]["groups"] for rule in group["rules"]]


def values(street: Street, query: str) -> dict[tuple[str, str, str], float]:
    """What Prometheus knows now, by household, job and what else tells several apart."""
    said = street.on(WATCHES, f"curl -sS 'http://127.0.0.1:9090/api/v1/query?query={query}'")
    return {
        (each["metric"]["household"], each["metric"]["job"], str(sorted(each["metric"].items()))): float(
            each["value"][1]
        )
        for each in json.loads(said)["data"]["result"]
    }


def answered(street: Street, name: str) -> set[int]:
    """What answers on the home network, of all ports that something listens on, and some more."""
    listening = {int(line.split()[3].rpartition(":")[2]) for line in street.on(name, "ss -Htln").splitlines()}
    assert {22, 443, 15555, 30303, 8545} <= listening
    address = street.host(name).address
    with ThreadPoolExecutor(32) as several:
        ports = sorted(listening | OURS)
        return {
            port for port, open_ in several.map(lambda port: (port, answers(address, port)), ports) if open_
        }


def answers(address: str, port: int) -> bool:
    """Whether anything takes a connection."""
    try:
        with socket.create_connection((address, port), timeout=3):
            return True
    except OSError:
        return False


def fetched(address: str, authority: Path) -> str:
    """The first line of what the pages answer, by a checked certificate."""
    trust = ssl.create_default_context(cafile=str(authority))
    with (
        socket.create_connection((address, 443), timeout=30) as plain,
        trust.wrap_socket(plain, server_hostname=address) as secure,
    ):
        secure.sendall(f"GET /login HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n".encode())
        first, _, _ = secure.recv(65_536).decode(errors="replace").partition("\r\n")
    return first
