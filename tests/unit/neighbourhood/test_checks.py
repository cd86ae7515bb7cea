"""What an operator is told about each mistake in an inventory, before a host is touched."""

from __future__ import annotations

from pathlib import Path

import pytest

from neighbourhood.checks import load
from node.config import ConfigError

KEPT = "# readings: {store: postgresql}"
EXAMPLE = Path(__file__).parents[3] / "ansible" / "inventory.example.yml"


def told(folder: Path, *changes: tuple[str, str]) -> list[str]:
    """The problems of the example with pieces of its text exchanged, each without the file's folder."""
    text = EXAMPLE.read_text()
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new, 1)
    (folder / "inventory.yml").write_text(text)
    with pytest.raises(ConfigError) as refused:
        load(folder / "inventory.yml")
    return str(refused.value).replace(f"{folder}/", "").splitlines()


def test_the_example_can_be_used() -> None:
    inventory = load(EXAMPLE)
    assert list(inventory.households) == ["alder", "birch", "cedar", "dogwood"]
    assert inventory.signers == ["alder", "birch", "cedar"]


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ([("192.168.1.22", "192.168.1.21")], "192.168.1.21 is taken already, by alder.ansible_host"),
        ([("overlay: 10.77.0.2", "overlay: 10.77.0.1")], "10.77.0.1 is taken already, by alder.household"),
        ([("overlay: 10.77.0.2", "overlay: 10.78.0.2")], "10.78.0.2 is not in the overlay 10.77.0.0/24"),
        ([("overlay: 10.77.0.2", "overlay: 10.77.0.0")], "10.77.0.0 is the overlay's own"),
        ([("feed: alder.1", "feed: aldr.1")], "there is no household 'aldr'; did you mean 'alder'?"),
        ([("tie: birch.11", "tie: birch.13")], "no contact 13 in relay.transfer.ties (it has 11, 12)"),
        ([("tie: birch.12", "tie: birch.11")], "birch.11 is taken already"),
        ([("feed: alder.1, tie: birch.11", "feed: cedar.1, tie: cedar.11")], "cedar cannot supply itself"),
        ([("feed: alder.1,", "feed: alder,")], "write a household and the number of its contact: 'alder.1'"),
        ([("role: producer ", "role: seller ")], "role: 'seller'"),
        ([("chain: signer ", "chain: signs ")], "chain: 'signs'"),
        ([("period: 5 s", "period: 1500 ms")], "blocks come whole seconds apart"),
        ([("role: producer ", "rolle: producer ")], "unknown key; did you mean `role`?"),
        ([("reserve: 40 %", "reserve: 40")], "alder.offers.reserve"),
        ([("meter: feed-2", "meter: feed-3")], "feed-3"),
        ([("contact: 1, pin: 17,", "contact: 1, pin: x17,")], "alder.relay.feeds[0].pin"),
        ([("# monitoring: cedar", "monitoring: ceda")], "no household 'ceda'; did you mean 'cedar'?"),
        ([(KEPT, "readings: {store: postgres}")], "write sqlite (as without it)"),
        ([(KEPT, "readings: {store: postgresql, url: postgresql://a@b/c}")],
         "url names a server elsewhere"),
        ([(KEPT, "readings: {store: postgresql, keep: 3}")], "cedar.readings.keep"),
        ([("    birch:\n", "    alder:\n")], "written twice, first on line"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_with_its_place(
    tmp_path: Path, changes: list[tuple[str, str]], wanted: str
) -> None:
    found = told(tmp_path, *changes)
    assert any(wanted in line for line in found), found
    assert all(line.startswith("inventory.yml:") for line in found)


def test_two_signers_are_refused_because_they_can_wait_for_each_other_for_ever(tmp_path: Path) -> None:
    [line] = told(tmp_path, ("chain: signer\n        overlay: 10.77.0.3", "overlay: 10.77.0.3"))
    assert "2 households seal (alder, birch)" in line
    assert "let one or three do it" in line


def test_without_a_signer_nobody_makes_the_first_block(tmp_path: Path) -> None:
    [line] = told(
        tmp_path,
        ("chain: signer  ", "chain: follower  "),
        ("chain: signer\n        overlay: 10.77.0.2", "overlay: 10.77.0.2"),
        ("chain: signer\n        overlay: 10.77.0.3", "overlay: 10.77.0.3"),
    )
    assert "nobody seals blocks" in line


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    assert len(told(tmp_path, ("192.168.1.22", "192.168.1.21"), ("feed: alder.1", "feed: aldr.1"))) == 2


def test_ansibles_own_variables_are_ansibles_to_check(tmp_path: Path) -> None:
    text = EXAMPLE.read_text().replace("ansible_user: pi ", "ansible_user: pi\n    ansible_port: 2222\n    #")
    (tmp_path / "inventory.yml").write_text(text)
    assert load(tmp_path / "inventory.yml")
