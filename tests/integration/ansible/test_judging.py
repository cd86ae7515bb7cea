"""What the playbooks refuse before a host is touched, run by Ansible itself; the hosts are nowhere."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[3]
FOLDER = CHECKOUT / "ansible"
PROGRAM = CHECKOUT / "build" / "ansible" / "bin" / "ansible-playbook"

pytestmark = pytest.mark.skipif(not PROGRAM.exists(), reason="Ansible is not there: run `make ansible`")


@pytest.fixture(scope="module")
def inventory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example, with a copy of cedar's databases and elm's keys beside it; its hosts lead nowhere."""
    folder = tmp_path_factory.mktemp("street")
    text = (FOLDER / "inventory.example.yml").read_text().replace("192.168.1.", "127.0.99.")
    (folder / "inventory.yml").write_text(text)
    (folder / "backups" / "cedar").mkdir(parents=True)
    (folder / "backups" / "cedar" / "2026-11-01.tar.gz").touch()
    (folder / "accounts.json").write_text('{"households": {"elm": {"account": "0x0"}}}')
    return folder / "inventory.yml"


def play(inventory: Path, playbook: str, *more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [PROGRAM, "-i", inventory, FOLDER / f"{playbook}.yml", *more],
        cwd=inventory.parent,
        env={**os.environ, "ANSIBLE_CONFIG": str(FOLDER / "ansible.cfg"), "ANSIBLE_GATHERING": "explicit"},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@pytest.mark.parametrize(("playbook", "words", "says"), [
    ("restore", "household_name=birch", "of which there is a copy"),
    ("restore", "household_name=elm restore_file=x", "say whose: -e household_name=NAME, one of alder"),
    ("add-household", "household_name=elm", "elm is not in the inventory: write it in"),
    ("replace-host", "", "say whose host is new: -e household_name=NAME, one of alder, birch"),
    ("remove-household", "household_name=fir", "fir cannot be removed: name one of dogwood"),
    ("remove-household", "household_name=cedar", "Who seals (alder, birch, cedar) has to be a follower"),
    ("rotate-keys", "household_name=birch", "say whose and which"),
    ("rotate-keys", "household_name=birch rotate=node,sealer", "-e rotate=overlay,pages,node"),
])  # fmt: skip
def test_it_is_refused_before_a_host_is_touched(
    inventory: Path, playbook: str, words: str, says: str
) -> None:
    ran = play(inventory, playbook, "-e", words or "unused=1")
    assert ran.returncode == 2, ran.stdout + ran.stderr
    told = " ".join(ran.stdout.split())
    assert says in told, ran.stdout
    assert "UNREACHABLE" not in ran.stdout, "no host was asked for anything"


@pytest.mark.parametrize(("playbook", "words"), [
    ("restore", "household_name=cedar"),
    ("add-household", "household_name=dogwood"),
    ("replace-host", "household_name=birch"),
    ("remove-household", "household_name=dogwood"),
    ("remove-household", "household_name=elm"),
    ("rotate-keys", "household_name=birch rotate=pages,node,overlay"),
])  # fmt: skip
def test_what_is_right_is_let_through(inventory: Path, playbook: str, words: str) -> None:
    ran = play(inventory, playbook, "-e", words, "--tags", "judge")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "ok=1" in ran.stdout or "ok=2" in ran.stdout, "it was judged at all"
