"""The street goes dark again and again while it trades: every host ends at once, and all come back."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from ansible.lab.hosts import Host
from tests.rollout import books
from tests.rollout.street import Played, Street, until

pytestmark = [pytest.mark.long, pytest.mark.timeout(7_200)]

TIMES = 10

BACK = 60.0
"""Seconds in which all are back; a busy machine needs longer now and then, but not each time."""

PATIENCE = 300.0

APART = 15.0
"""Seconds between two power cuts at least, in which trades begin."""


def test_all_hosts_that_die_at_once_ten_times_come_back_and_lose_nothing(
    street: Street, first_run: Played
) -> None:
    took = []
    until(lambda: books.traded(street, *street.residents), "trades before the first power cut", 600)
    with books.hurt(street):
        for _ in range(TIMES):
            until(lambda: books.open_orders(street), "a trade that is hurt", 600)
            height = street.height("alder")
            began = dark(street)
            await_all(street, height)
            took.append(time.monotonic() - began)
            time.sleep(APART)
    print(f"back after {', '.join(f'{each:.0f}' for each in took)} s")
    assert min(took) <= BACK
    for name in street.residents:
        assert street.on(name, "systemctl --failed --no-legend --plain") == ""


def dark(street: Street) -> float:
    """Cut everybody's power at one moment and switch it on again; when that was, monotonic seconds."""
    hosts = [street.host(name) for name in street.residents]
    with ThreadPoolExecutor(len(hosts)) as at_once:
        list(at_once.map(Host.cut_power, hosts))
        began = time.monotonic()
        for host in hosts:
            host.boot()
        list(at_once.map(street.lab.await_up, hosts))
    return began


def await_all(street: Street, height: int) -> None:
    """Wait until everybody's processes run, and the chain has gone on from where it was."""
    until(lambda: all(lives(street, name, height) for name in street.residents), "all hosts", PATIENCE)


def lives(street: Street, name: str, height: int) -> bool:
    """Whether all of a household's processes run, and its chain has gone on."""
    asked = (
        "systemctl is-active --quiet $(systemctl list-unit-files --state=enabled --plain --no-legend"
        " 'commonwatt-*.service' | cut -d' ' -f1) && test -e /run/commonwatt/trading.json"
    )
    if street.lab.ssh(street.host(name), asked).returncode:
        return False
    return street.height(name) > height
