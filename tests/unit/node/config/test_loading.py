"""Files as settings, and what a person is told about each mistake."""

from __future__ import annotations

from pathlib import Path

import pytest

from node.config import ConfigError, Settings, load
from quantities import Energy, Price, SoC

EXAMPLE = Path(__file__).parents[4] / "config.example.yml"


def site(folder: Path, **replaced: str) -> Path:
    """The example in a folder of its own."""
    path = folder / "site.yml"
    text = EXAMPLE.read_text()
    for old, new in replaced.items():
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    path.write_text(text)
    return path


def changed(folder: Path, text: str) -> Settings:
    """The example with a household's own file over it."""
    own = folder / "household.yml"
    own.write_text(text)
    return load([site(folder), own])


def told(folder: Path, text: str) -> list[str]:
    """The problems of the example with a file over it, each without the file's folder."""
    with pytest.raises(ConfigError) as refused:
        changed(folder, text)
    return str(refused.value).replace(f"{folder}/", "").splitlines()


def test_the_example_is_understood(tmp_path: Path) -> None:
    settings = load([site(tmp_path)])
    assert settings.household.name == "birch"
    assert settings.trading.limit == SoC(3000)
    assert settings.offers.feeds[0].price == Price.parse("0.25")
    assert settings.battery and settings.battery.capacity == Energy(3000)
    assert settings.sensors["feed-1"].options == {"address": 0x45}


def test_a_household_overrides_one_key_and_keeps_the_rest(tmp_path: Path) -> None:
    settings = changed(tmp_path, "trading:\n  limit: 35 %\n")
    assert settings.trading.limit == SoC(3500)
    assert settings.trading.resume == SoC(6000)


def test_paths_are_relative_to_the_file_that_names_them(tmp_path: Path) -> None:
    family = tmp_path / "family"
    family.mkdir()
    own = family / "household.yml"
    own.write_text("account: {keystore: ours.json}\n")
    settings = load([site(tmp_path), own])
    assert settings.account.keystore == family / "ours.json"
    assert settings.account.password_file == tmp_path / "key.password"
    assert settings.paths.run == Path("/run/commonwatt")


def test_a_default_path_is_relative_to_the_file_with_its_section(tmp_path: Path) -> None:
    example = site(tmp_path, **{"  genesis: genesis.json": "  # genesis: left out"})
    assert load([example]).chain.genesis == tmp_path / "genesis.json"


def test_a_path_may_begin_at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/birch")
    settings = changed(tmp_path, "account: {keystore: ~/key.json}\n")
    assert settings.account.keystore == Path("/home/birch/key.json")


def test_the_program_of_the_chain_stays_a_name_to_look_for(tmp_path: Path) -> None:
    node = load([site(tmp_path)]).chain.node
    assert node and str(node.geth) == "geth"


def test_a_misspelt_key_names_the_right_one(tmp_path: Path) -> None:
    assert told(tmp_path, "trading:\n  limt: 35 %\n") == [
        "household.yml:2: trading.limt: unknown key; did you mean `limit`?"
    ]


def test_a_misspelt_section_names_the_right_one(tmp_path: Path) -> None:
    assert told(tmp_path, "\nseller: {}\n") == [
        "household.yml:2: seller: unknown key; did you mean `sellers`?"
    ]


def test_a_key_like_no_other_lists_what_there_is(tmp_path: Path) -> None:
    [message] = told(tmp_path, "offers: {zzz: 1}\n")
    assert message.startswith("household.yml:1: offers.zzz: unknown key; there are reserve, margin")


def test_a_misspelt_key_in_a_list_is_found(tmp_path: Path) -> None:
    feed = "relay:\n  feeds:\n    - contact: 1\n      pinn: 17\n      meter: feed-1\n"
    assert "household.yml:4: relay.feeds[0].pinn: unknown key; did you mean `pin`?" in told(tmp_path, feed)


def test_a_wrong_value_is_named_with_what_would_be_right(tmp_path: Path) -> None:
    [message] = told(tmp_path, "trading:\n  limit: a third\n")
    assert message.startswith("household.yml:2: trading.limit: 'a third': write a number")
    assert "%" in message


def test_a_value_without_its_unit_is_refused(tmp_path: Path) -> None:
    [message] = told(tmp_path, "battery: {capacity: 3}\n")
    assert message.startswith("household.yml:1: battery.capacity: 3: write a number with one of the units Wh")


def test_a_length_of_time_without_its_unit_is_refused(tmp_path: Path) -> None:
    [message] = told(tmp_path, "relay: {lease: 0.5}\n")
    assert message.startswith("household.yml:1: relay.lease: 0.5: write a length of time")


def test_a_role_that_does_not_exist_names_those_that_do(tmp_path: Path) -> None:
    [message] = told(tmp_path, "household: {role: boss}\n")
    assert "household.role: 'boss'" in message
    assert "producer" in message
    assert "prosumer" in message


def test_a_section_that_is_no_section_says_what_belongs_there(tmp_path: Path) -> None:
    [message] = told(tmp_path, "trading: on\n")
    assert message.startswith("household.yml:1: trading: 'on' does not fit; expected the keys enabled, limit")


def test_a_list_that_is_no_list_says_so(tmp_path: Path) -> None:
    [message] = told(tmp_path, "offers: {feeds: 3}\n")
    assert message == "household.yml:1: offers.feeds: 3 does not fit; expected a list"


def test_what_is_missing_is_named_at_its_section(tmp_path: Path) -> None:
    [message] = told(
        tmp_path, "sellers:\n  cedar:\n    relay: 10.0.0.3:15555\n    contact: 1\n    channel: 11\n"
    )
    assert message == "household.yml:2: sellers.cedar.account: is missing; config.example.yml explains it"


def test_all_problems_of_all_sections_are_told_at_once(tmp_path: Path) -> None:
    lines = told(tmp_path, "trading:\n  limt: 1 %\n  delta: x\ndapp:\n  listen: nowhere\nhouse: {}\n")
    assert [line.split(":")[1] for line in lines] == ["2", "3", "5", "6"]


def test_all_files_that_cannot_be_read_are_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as refused:
        load([tmp_path / "a.yml", tmp_path / "b.yml"])
    assert [problem.place.file.name for problem in refused.value.problems] == ["a.yml", "b.yml"]


def test_resume_below_limit_is_refused_at_the_section(tmp_path: Path) -> None:
    [message] = told(tmp_path, "trading:\n  limit: 70 %\n")
    assert "trading: `resume` (60 %) must be above `limit` (70 %)" in message


def test_what_is_shown_can_be_read_again(tmp_path: Path) -> None:
    import yaml

    settings = load([site(tmp_path)])
    again = tmp_path / "again.yml"
    again.write_text(yaml.safe_dump(settings.model_dump(mode="json")))
    assert load([again]) == settings


def test_a_credential_is_no_path(tmp_path: Path) -> None:
    settings = changed(tmp_path, "account: {password_file: 'credential:household'}\n")
    assert settings.account.password_file == Path("credential:household")
