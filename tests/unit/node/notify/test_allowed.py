"""Whom the pages may have told: services of a closed set, never this host, and no secret is shown."""

from __future__ import annotations

import pytest

from node.notify.allowed import EXAMPLE, KNOWN, leads_home, refusal, shown

FINE = (
    EXAMPLE,
    "ntfys://user:secret@ntfy.example.org/topic?priority=high",
    "mailtos://user:password@example.org?to=family@example.org&smtp=mail.example.org",
    "tgram://123456789:abcdefg_hijklmnop/12315544/",
    "gotify://10.0.0.4:8080/AbCdEf1234",
    "signal://192.168.1.5:8080/+33600000000/+33600000001",
    "discord://hook-secret/token-secret",
    "gotify://[fd00::5]/AbCdEf1234",
)


@pytest.mark.parametrize("address", FINE)
def test_a_service_on_the_net_or_at_home_is_told(address: str) -> None:
    assert refusal(address) == ""


@pytest.mark.parametrize(
    "address",
    [
        "json://10.0.0.1:8545/",
        "xml://10.0.0.1/",
        "form://10.0.0.1/",
        "syslog://",
        "dbus://",
        "file:///etc/passwd",
        "http://10.0.0.1/",
        "apprise://10.0.0.1/key",
        "ntfy",
        "",
    ],
)
def test_what_would_ask_any_address_or_run_anything_is_said_at_the_box(address: str) -> None:
    assert KNOWN in refusal(address) or "Write one address" in refusal(address)


@pytest.mark.parametrize(
    "host",
    [
        "localhost", "LOCALHOST.", "a.localhost", "127.0.0.1", "127.9.9.9", "0.0.0.0", "[::1]", "[::]",
        "[::ffff:127.0.0.1]", "169.254.169.254", "[fe80::1]", "224.0.0.1", "255.255.255.255", "2130706433",
        "0x7f000001", "127.1", "0177.0.0.1", "0x7f.0.0.1", "",
    ],
)  # fmt: skip
def test_nobody_is_told_at_this_host_however_it_is_written(host: str) -> None:
    for address in (f"ntfy://{host}/topic", f"gotify://{host}:8545/token"):
        problem = refusal(address)
        assert problem, address
        assert "topic" not in problem
    assert refusal(f"mailto://user:password@example.org?smtp={host or '127.0.0.1'}")


def test_options_that_are_not_known_are_said_at_the_box() -> None:
    assert "attach" in refusal(f"{EXAMPLE}?attach=http://127.0.0.1:8545/")


@pytest.mark.parametrize(
    "address",
    [
        "ntfy://a b/c",
        "ntfy://a/\n",
        "ntfy://é/c",
        "ntfy://a/" + "x" * 300,
        "ntfy://[::1/x",
        "ntfy://a:x/",
        "ntfy://127.0.0.1@ntfy.sh@x/",
        "ntfy://ntfy.sh\\@127.0.0.1/",
        "ntfy://ntfy.sh,127.0.0.1/x",
    ],
)
def test_what_is_no_address_is_said_without_repeating_it(address: str) -> None:
    problem = refusal(address)
    assert problem
    assert address not in problem


def test_a_name_that_leads_to_this_host_is_known_by_its_addresses() -> None:
    at = {"evil.example": ["203.0.113.5", "127.0.0.1"], "ntfy.sh": ["203.0.113.5"]}.get
    assert leads_home("ntfy://evil.example/topic", lambda host: at(host) or [])
    assert leads_home("mailto://a:b@ntfy.sh?smtp=evil.example", lambda host: at(host) or [])
    assert not leads_home("ntfy://ntfy.sh/topic", lambda host: at(host) or [])
    assert not leads_home("tgram://evil.example/topic", lambda host: at(host) or [])


def test_of_an_address_only_its_service_and_host_are_shown() -> None:
    assert shown(EXAMPLE) == "ntfy://ntfy.sh…"
    assert shown("ntfy://our-topic-alone") == "ntfy://…"
    assert shown("mailtos://user:password@example.org?to=family@example.org") == "mailtos://example.org…"
    assert shown("discord://hook-secret/token-secret") == "discord://…"
    for address in FINE:
        for secret in ("secret", "password", "topic", "AbCdEf", "house", "+336", "hijk"):
            assert secret not in shown(address)
