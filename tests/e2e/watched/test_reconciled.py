"""Households that trade for real: their books agree, readings are proved, and who changes them is found."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from node.client_interaction.trade import Trade
from node.readings import Batch, Sample, chain
from tests.e2e.neighbourhood import COMMONWATT, Neighbourhood
from tests.e2e.watched.books import covered, reported

PATIENCE = 300.0


@pytest.fixture(scope="module")
def trade(street: Neighbourhood) -> tuple[str, str, Trade]:
    """One that is settled, and reported with what was measured around it: buyer, seller, the buyer's book."""
    street.until(
        "a trade that is settled, and a report of every household",
        lambda: reported(street) and all(covered(street, name) for name in street.names),
        PATIENCE,
    )
    return reported(street)[0]


def ask(file: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """Run a command with a household's configuration."""
    words = [str(COMMONWATT), *command, "--config", str(file)]
    return subprocess.run(words, capture_output=True, text=True, check=False, timeout=120)


def config(street: Neighbourhood, household: str) -> Path:
    return street.folder / household / "household.yml"


def told(street: Neighbourhood, household: str, *command: str) -> dict[str, Any]:
    """What a command answers that has nothing to find."""
    answer = ask(config(street, household), *command, "--json")
    assert answer.returncode == 0, answer.stdout + answer.stderr
    found: dict[str, Any] = json.loads(answer.stdout)
    return found


@pytest.mark.usefixtures("trade")
def test_each_household_s_books_agree_with_chain_vouchers_and_meters(street: Neighbourhood) -> None:
    compared = 0
    for household in street.names:
        verdict = told(street, household, "reconcile")
        assert verdict["clean"]
        known = [trade["chain"] for trade in verdict["trades"] if trade["chain"]]  # One may just be bought.
        compared += sum(order["state"] == "redeemed" for order in known)
    assert compared >= 2


@pytest.mark.usefixtures("trade")
def test_each_household_s_chain_of_readings_leads_to_all_that_it_reported(street: Neighbourhood) -> None:
    for household in street.names:
        found = told(street, household, "readings", "check")
        assert found["intact"]
        assert found["reports_on_chain"] >= 1
        listed = told(street, household, "readings", "reports")["reports"]
        assert all(each["produced_mwh"] or each["consumed_mwh"] for each in listed if each["batches"] > 5)


def test_a_reading_is_proved_to_whoever_has_the_chain(
    street: Neighbourhood, trade: tuple[str, str, Trade], tmp_path: Path
) -> None:
    buyer, seller, bought = trade
    file = tmp_path / "proof.json"
    made = ask(config(street, buyer), "readings", "prove", f"tie-{bought.channel}", str(bought.changed),
               "--out", str(file))  # fmt: skip
    assert made.returncode == 0, made.stderr
    assert file.stat().st_size <= 2_048
    rpc = street.settings(seller).chain.rpc
    where = ["--rpc", rpc, "--manifest", str(street.folder / "manifest.json")]
    for more in ([], where):
        words = [str(COMMONWATT), "readings", "verify", str(file), *more]
        answer = subprocess.run(words, capture_output=True, text=True, check=False)
        assert answer.returncode == 0, answer.stdout
        assert "0x" in answer.stdout
    given = json.loads(file.read_text())
    file.write_text(json.dumps({**given, "transaction": bought.ref}))
    words = [str(COMMONWATT), "readings", "verify", str(file), *where]
    assert subprocess.run(words, capture_output=True, check=False).returncode == 1


def test_both_households_meters_are_compared_by_evidence(
    street: Neighbourhood, trade: tuple[str, str, Trade], tmp_path: Path
) -> None:
    buyer, seller, bought = trade
    files = {name: tmp_path / f"{name}.json" for name in (buyer, seller)}
    known = told(street, buyer, "reconcile")["trades"]
    made = next(each["created"] for each in known if each["order"] == bought.order)
    span = ["--from", str(made), "--to", str(made + 1)]
    for name, file in files.items():
        told(street, name, "reconcile", *span, "--export", str(file))
    for mine, other in ((buyer, seller), (seller, buyer)):
        verdict = told(street, mine, "reconcile", *span, "--with", str(files[other]))
        found = next(each for each in verdict["trades"] if each["order"] == bought.order)
        own, others = found["supply"]["own"]["energy_mwh"], found["supply"]["other"]["energy_mwh"]
        assert abs(own - others) <= 0.03 * own + 5
        assert found["chain"]["paid_energy"] == found["vouchered_mwh"]
    changed = json.loads(files[seller].read_text())
    changed["supplies"][0]["after"]["sample"]["forward"] += 1
    files[seller].write_text(json.dumps(changed))
    answer = ask(config(street, buyer), "reconcile", *span, "--with", str(files[seller]))
    assert answer.returncode == 1
    assert "suspected tampering" in answer.stdout


def test_a_household_that_rewrote_its_meter_s_readings_is_found_out(
    street: Neighbourhood, trade: tuple[str, str, Trade], tmp_path: Path
) -> None:
    """A fifth less by its tie's meter, and every digest computed anew, as only its owner could."""
    buyer, _, bought = trade
    file = manipulated(street, buyer, f"tie-{bought.channel}", round(bought.created * 1_000), tmp_path)
    answer = ask(file, "reconcile", "--json")
    assert answer.returncode == 1, answer.stdout + answer.stderr
    verdict = json.loads(answer.stdout)
    found = next(each for each in verdict["trades"] if each["order"] == bought.order)
    assert found["cause"] == "suspected tampering"
    assert any("readings of tie" in finding["text"] for finding in found["findings"])
    assert any("another root on the chain" in finding["text"] for finding in verdict["general"])
    checked = ask(file, "readings", "check", "--json")
    assert checked.returncode == 1
    assert json.loads(checked.stdout)["broken"] is None  # the chain itself fits: the reported root tells
    refused = ask(file, "readings", "prove", f"tie-{bought.channel}", str(bought.changed))
    assert refused.returncode == 69
    assert "changed since" in refused.stderr


def manipulated(street: Neighbourhood, household: str, meter: str, since: int, folder: Path) -> Path:
    """A copy of a household whose readings were rewritten; answers its configuration."""
    state = folder / "state"
    shutil.copytree(
        config(street, household).parent, folder / "home", ignore=shutil.ignore_patterns("state", "chain")
    )
    state.mkdir()
    for name in ("trade.db", "relay.db", "readings.db"):
        source = sqlite3.connect(f"file:{street.folder / household / 'state' / name}?mode=ro", uri=True)
        with closing(source), closing(sqlite3.connect(state / name)) as copy:
            source.backup(copy)
    with closing(sqlite3.connect(state / "readings.db")) as database, database:
        rewrite(database, meter, since)
    file = folder / "home" / "household.yml"
    settings = yaml.safe_load(file.read_text())
    settings["paths"]["state"] = str(state)
    settings["chain"]["manifest"] = str(street.folder / "manifest.json")
    settings["chain"]["genesis"] = str(street.folder / "genesis.json")
    file.write_text(yaml.safe_dump(settings))
    return file


def rewrite(database: sqlite3.Connection, meter: str, since: int) -> None:
    """Let a meter have counted a fifth less since then, and link every batch anew."""
    meters = dict(database.execute("SELECT id, name FROM meters").fetchall())
    previous: Batch | None = None
    base: int | None = None
    for row in database.execute("SELECT * FROM batches ORDER BY number").fetchall():
        own = []
        for number, taken, batch, *values in database.execute(
            "SELECT * FROM samples WHERE batch = ? ORDER BY taken", (row[0],)
        ).fetchall():
            sample = Sample(meter=meters[number], taken=taken, **dict(zip(chain.FIELDS, values, strict=True)))
            if sample.meter == meter and taken >= since and sample.forward is not None:
                base = sample.forward if base is None else base
                sample = replace(sample, forward=base + (sample.forward - base) * 4 // 5)
                database.execute(
                    "UPDATE samples SET forward = ? WHERE meter = ? AND taken = ? AND batch = ?",
                    (sample.forward, number, taken, batch),
                )
            own.append(sample)
        previous = chain.next_batch(previous, chain.ordered(own))
        database.execute(
            "UPDATE batches SET content = ?, digest = ? WHERE number = ?",
            (previous.content, previous.digest, row[0]),
        )
