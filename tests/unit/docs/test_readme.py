"""README and documents name only commands, targets and files that are there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from node.cli import commonwatt

ROOT = Path(__file__).parents[3]
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
FIRMWARE = [ROOT / "firmware" / "README.md", ROOT / "firmware" / "esp32" / "PROTOCOL.md"]
NOT_THERE_YET = "roadmap.md"


@pytest.mark.parametrize("document", [*DOCUMENTS, *FIRMWARE], ids=lambda path: path.name)
def test_every_link_leads_to_a_file(document: Path) -> None:
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", document.read_text()):
        assert (document.parent / target).exists(), target


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_make_target_exists(document: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.M))
    named = re.findall(r"(?:^|`)make ([a-z-]+)", document.read_text(), re.M)
    assert set(named) <= targets


@pytest.mark.parametrize(
    "document", [d for d in (*DOCUMENTS, *FIRMWARE) if d.name != NOT_THERE_YET], ids=lambda p: p.name
)
def test_every_command_exists(document: Path) -> None:
    for words in re.findall(r"`commonwatt ([a-z -]+?)[`A-Z…|]", document.read_text()):
        named = [word for word in words.split() if not word.startswith("-")]
        answer = CliRunner().invoke(commonwatt, [*named, "--help"])
        assert answer.exit_code == 0, f"commonwatt {words}: {answer.output}"


def test_every_option_of_the_demo_is_in_its_help() -> None:
    shown = CliRunner().invoke(commonwatt, ["demo", "--help"]).output
    text = "".join(d.read_text() for d in DOCUMENTS)
    for words in re.findall(r"(?:commonwatt demo|make demo ARGS=\")([^`\"\n]+)", text):
        for option in re.findall(r"--[a-z]+", words):
            assert option == "--help" or option in shown
