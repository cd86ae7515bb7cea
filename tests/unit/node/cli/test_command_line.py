"""What a person at the command line meets: help, exit codes, one line about each mistake."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.metadata import EntryPoint, EntryPoints
from pathlib import Path

import click
import pytest

from node.cli import COMMANDS, commonwatt, run

EXAMPLE = str(Path(__file__).parents[4] / "config.example.yml")


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--help"]) == 0
    shown = capsys.readouterr().out
    assert all(f"  {name} " in shown for name in COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([name, "--help"]) == 0
    assert "Usage: commonwatt" in capsys.readouterr().out


@pytest.mark.parametrize("name", COMMANDS)
def test_the_line_of_help_is_the_commands_own_first_sentence(name: str) -> None:
    command = commonwatt.get_command(click.Context(commonwatt), name)
    assert command is not None
    assert command.help
    assert command.help.strip()


@pytest.mark.parametrize("name", [name for name in COMMANDS if name != "doctor"])
def test_no_line_of_help_is_cut_off(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([name, "--help"]) == 0
    assert "..." not in capsys.readouterr().out.partition("Commands:")[2]


def test_a_misspelt_command_names_the_right_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["relai"]) == 64
    assert capsys.readouterr().err == (
        "commonwatt: no such command 'relai'; did you mean 'relay'? (try: commonwatt --help)\n"
    )


def test_a_wrong_option_is_a_mistake_of_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["config", "check", "--foo"]) == 64
    assert "No such option" in capsys.readouterr().err


def test_a_wrong_configuration_answers_with_its_lines_and_78(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = tmp_path / "wrong.yml"
    wrong.write_text("trading:\n  limt: 3 %\n")
    assert run(["logger", "run", "-c", EXAMPLE, "-c", str(wrong)]) == 78
    assert capsys.readouterr().err == (
        f"commonwatt: {wrong}:2: trading.limt: unknown key; did you mean `limit`?\n"
    )


def test_files_may_be_named_by_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    own = tmp_path / "own.yml"
    own.write_text("household: {name: cedar}\n")
    monkeypatch.setenv("COMMONWATT_CONFIG", f"{EXAMPLE}:{own}")
    assert run(["config", "check"]) == 0
    assert capsys.readouterr().out.startswith("cedar: ")


def test_without_any_file_the_usual_place_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("COMMONWATT_CONFIG", raising=False)
    usual = (Path("/nowhere/site.yml"), Path("/nowhere/household.yml"))
    monkeypatch.setattr("node.cli.options.DEFAULT_FILES", usual)
    assert run(["config", "check"]) == 78
    assert "/nowhere/household.yml: there is no such file" in capsys.readouterr().err


def test_the_usual_place_may_be_one_that_cannot_be_looked_into(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    beyond = Path("/") / ("x" * 300)
    monkeypatch.delenv("COMMONWATT_CONFIG", raising=False)
    monkeypatch.setattr("node.cli.options.DEFAULT_FILES", (beyond,))
    assert run(["config", "check"]) == 78
    assert f"{beyond}: cannot be read: File name too long" in capsys.readouterr().err


def test_config_check_tells_programs_what_is_wrong(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = tmp_path / "wrong.yml"
    wrong.write_text("dapp: {listen: here}\n")
    assert run(["config", "check", "--json", "-c", EXAMPLE, "-c", str(wrong)]) == 78
    told = json.loads(capsys.readouterr().out)
    assert not told["ok"]
    assert [(p["file"], p["line"], p["key"]) for p in told["problems"]] == [(str(wrong), 1, "dapp.listen")]


def test_config_show_answers_in_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["config", "show", "--json", "-c", EXAMPLE]) == 0
    assert json.loads(capsys.readouterr().out)["trading"]["limit"] == "30 %"


def test_config_schema_is_json_schema(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["config", "schema"]) == 0
    assert "trading" in json.loads(capsys.readouterr().out)["properties"]


def test_a_new_key_opens_with_its_password_and_is_never_overwritten(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "key.json"
    assert run(["key", "new", str(path), "--json"]) == 0
    made = json.loads(capsys.readouterr().out)
    assert run(["key", "address", str(path)]) == 0
    assert capsys.readouterr().out.strip() == made["address"]
    assert {file.stat().st_mode & 0o777 for file in tmp_path.iterdir()} == {0o600}
    assert run(["key", "new", str(path)]) == 78
    assert "never overwritten" in capsys.readouterr().err


def test_a_missing_key_file_is_one_line_and_78(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["key", "address", str(tmp_path / "none.json")]) == 78
    assert capsys.readouterr().err.splitlines() == [
        f"commonwatt: {tmp_path}/none.json is not there: make the key first, or correct its path"
    ]


def test_a_household_without_contacts_has_no_relay(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = Path(EXAMPLE).read_text()
    alone = tmp_path / "alone.yml"
    alone.write_text(
        text[: text.index("\nrelay:")] + text[text.index("\nsensors:") : text.index("\nsellers:")]
    )
    assert run(["relay", "state", "-c", str(alone)]) == 78
    assert "no section `relay`" in capsys.readouterr().err


def test_a_contact_that_there_is_not_is_not_cleared(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["relay", "clear", "5", "-c", EXAMPLE]) == 64
    assert "there is no contact 5; there are: 0, 1, 11" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["lock", "5", "--reason", "x"], "there is no contact 5"),
        (["lock", "1"], "Missing option '--reason'"),
        (["unlock"], "name one CONTACT, or --all"),
        (["unlock", "1", "--all"], "name one CONTACT, or --all"),
        (["home"], "Missing option '--reason'"),
        (["try", "5", "--yes"], "there is no contact 5"),
    ],
)
def test_what_is_to_be_locked_or_tried_has_to_be_there(
    arguments: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["relay", *arguments, "-c", EXAMPLE]) == 64
    assert says in capsys.readouterr().err


def test_nothing_is_deployed_whose_manifest_could_not_be_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    terms = ["--mint-cap", "1", "--mint-period", "1", "--supply-blocks", "1", "--challenge-blocks", "1"]
    key = ["--keystore", str(tmp_path / "key.json"), "--password-file", str(tmp_path / "key.password")]
    target = tmp_path / "none" / "manifest.json"
    assert run(["contracts", "deploy", *terms, *key, "--manifest", str(target)]) == 64
    assert f"{target.parent} is not there, or cannot be written" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("option", "words"),
    [
        (["--address", "1.2.3"], "write a loopback address, as in 127.0.10.1, not '1.2.3'"),
        (["--address", "10.0.0.1"], "write a loopback address"),
        (["--report", "/nowhere/report.json"], "/nowhere is not there, or cannot be written"),
        (["--day", "soon"], "write a length of time"),
        (["--households", "1"], "2 to 12 households"),
    ],
)
def test_a_demo_that_cannot_be_is_refused_before_it_begins(
    option: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["demo", *option]) == 64
    [line] = capsys.readouterr().err.splitlines()
    assert words in line


def test_a_broken_plugin_does_not_break_the_others(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = EntryPoint("party", "no_such_module:party", "commonwatt.commands")
    monkeypatch.setattr("node.cli.lazy.entry_points", lambda group: EntryPoints([broken]))
    assert run(["--help"]) == 0
    assert "(cannot be loaded)" in capsys.readouterr().out
    assert run(["party"]) == 69
    assert capsys.readouterr().err.count("\n") == 1


HEAVY = ("web3", "eth_account", "flask", "gunicorn", "psycopg", "rich", "aiohttp", "simulation")

LIGHT_COMMANDS = {
    "relay": "node.cli.relay",
    "logger": "node.cli.daemons",
    "chain": "node.cli.chain",
    "config": "node.cli.config",
    "doctor": "node.cli.doctor",
}


@pytest.mark.parametrize("name", LIGHT_COMMANDS)
def test_a_command_loads_nothing_that_only_its_neighbours_need(name: str) -> None:
    program = (
        f"import sys, node.cli, {LIGHT_COMMANDS[name]}\nprint(*[m for m in {HEAVY!r} if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
