"""Whatever is changed, dropped, reordered or replayed in what a household keeps or shows, it is found.

1,000 random tamperings in `make test`, 10,000 in `make test-long`; a seed gives the same ones again.
"""

from __future__ import annotations

import json
import os
import sqlite3
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pytest

from node.readings import Batch, Sample, chain
from node.readings import proof as proofs
from node.readings.errors import ProofRefused
from node.reports.book import Entry
from quantities import Energy
from tests.conftest import thorough
from tests.unit.node.reconciliation.street import SELLER, Home, Street, built, voucher

SEED = 20_251_125
MANY = thorough(1_000, 10_000)

Tampering = Callable[[Street, Random], list[str]]
"""Does something to a street, and answers what was found of it."""


@pytest.fixture(scope="module")
def street(tmp_path_factory: pytest.TempPathFactory) -> Street:
    return built(tmp_path_factory.mktemp("street"))


def test_nothing_is_found_where_nothing_was_done(street: Street) -> None:
    for mine, other in ((street.buyer, street.seller), (street.seller, street.buyer)):
        assert street.found(mine) == []
        assert street.found(mine, street.evidence(other)) == []


@pytest.mark.timeout(3_600)
def test_every_tampering_is_found(street: Street) -> None:
    random = Random(SEED)
    done: Counter[str] = Counter()
    missed = []
    names = sorted(KINDS)
    for number in range(MANY):
        name = names[number % len(names)]
        seed = random.randrange(2**63)
        if not KINDS[name](street, Random(seed)):
            missed.append((name, seed))
        done[name] += 1
    print(f"\n{sum(done.values())} tamperings of {len(done)} kinds, {len(missed)} missed")
    for name, count in sorted(done.items()):
        print(f"  {count:5} {name}")
    assert missed == []


# --- readings.db ------------------------------------------------------------------------------------------


def stored(street: Street, change: Callable[[sqlite3.Connection], None], home: str) -> list[str]:
    """What is found when a household's readings.db was changed by hand."""
    with tempfile.TemporaryDirectory(dir=scratch()) as folder:
        copy = street.copied(home, Path(folder))
        mine: Home = getattr(copy, home)
        with closing(sqlite3.connect(mine.folder / "readings.db")) as database, database:
            change(database)
        return copy.found(mine)


def scratch() -> str | None:
    """Where there is memory for files: a thousand copies need no disk."""
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None


def a_home(random: Random) -> str:
    return random.choice(["buyer", "seller"])


def a_row(database: sqlite3.Connection, table: str, random: Random) -> tuple[Any, ...]:
    (count,) = database.execute(f"SELECT count(*) FROM {table}").fetchone()
    order = "meter, taken, batch" if table == "samples" else "number"
    row: tuple[Any, ...] = database.execute(
        f"SELECT * FROM {table} ORDER BY {order} LIMIT 1 OFFSET ?", (random.randrange(count),)
    ).fetchone()
    return row


def batches_of(database: sqlite3.Connection) -> int:
    return int(database.execute("SELECT count(*) FROM batches").fetchone()[0])


WHERE = "WHERE meter = ? AND taken = ? AND batch = ?"


def sample_changed(street: Street, random: Random) -> list[str]:
    def change(database: sqlite3.Connection) -> None:
        row = a_row(database, "samples", random)
        column = random.choice(["voltage", "current", "power", "forward", "reverse", "soc"])
        by = random.choice([-1, 1]) * random.randint(1, 10**6)
        database.execute(f"UPDATE samples SET {column} = coalesce({column}, 0) + ? {WHERE}", (by, *row[:3]))

    return stored(street, change, a_home(random))


def sample_dropped(street: Street, random: Random) -> list[str]:
    return stored(
        street,
        lambda db: void(db.execute(f"DELETE FROM samples {WHERE}", a_row(db, "samples", random)[:3])),
        a_home(random),
    )


def sample_moved(street: Street, random: Random) -> list[str]:
    def change(database: sqlite3.Connection) -> None:
        row = a_row(database, "samples", random)
        by = random.choice([-1, 1]) * random.choice([1, 500, 61_001, 10**9 + 1])
        database.execute(f"UPDATE samples SET taken = taken + ? {WHERE}", (by, *row[:3]))

    return stored(street, change, a_home(random))


def sample_replayed(street: Street, random: Random) -> list[str]:
    def change(database: sqlite3.Connection) -> None:
        meter, taken, batch, *values = a_row(database, "samples", random)
        other = a_row(database, "batches", random)[0]
        shift = random.choice([1, 1_001, 3_600_001, -7_001])
        target = other if other != batch else batch + 10**6
        row = (meter, taken + shift, target, *values)
        database.execute(f"INSERT INTO samples VALUES ({', '.join('?' * len(row))})", row)

    return stored(street, change, a_home(random))


def samples_swapped(street: Street, random: Random) -> list[str]:
    def change(database: sqlite3.Connection) -> None:
        while True:
            one, two = a_row(database, "samples", random), a_row(database, "samples", random)
            if one[3:] != two[3:]:
                break
        columns = "voltage = ?, current = ?, power = ?, forward = ?, reverse = ?, soc = ?"
        for here, there in ((one, two), (two, one)):
            database.execute(f"UPDATE samples SET {columns} {WHERE}", (*there[3:], *here[:3]))

    return stored(street, change, a_home(random))


def batch_emptied(street: Street, random: Random) -> list[str]:
    return stored(
        street,
        lambda db: void(db.execute("DELETE FROM samples WHERE batch = ?", a_row(db, "batches", random)[:1])),
        a_home(random),
    )


def batch_changed(street: Street, random: Random) -> list[str]:
    def change(database: sqlite3.Connection) -> None:
        number = a_row(database, "batches", random)[0]
        column = random.choice(["first", "last", "samples", "content", "digest"])
        if column in ("content", "digest"):
            database.execute(
                f"UPDATE batches SET {column} = ? WHERE number = ?", (random.randbytes(32), number)
            )
        else:
            by = random.choice([-1, 1]) * random.randint(1, 10**6)
            database.execute(f"UPDATE batches SET {column} = {column} + ? WHERE number = ?", (by, number))

    return stored(street, change, a_home(random))


def batch_dropped(street: Street, random: Random) -> list[str]:
    def change(database: sqlite3.Connection) -> None:
        number = a_row(database, "batches", random)[0]
        database.execute("DELETE FROM samples WHERE batch = ?", (number,))
        database.execute("DELETE FROM batches WHERE number = ?", (number,))

    return stored(street, change, a_home(random))


def batches_reordered(street: Street, random: Random) -> list[str]:
    def change(database: sqlite3.Connection) -> None:
        one, two = a_row(database, "batches", random)[0], a_row(database, "batches", random)[0]
        two = two if one != two else one % batches_of(database) + 1
        for table, column in (("batches", "number"), ("samples", "batch")):
            for old, new in ((one, -1), (two, one), (-1, two)):
                database.execute(f"UPDATE {table} SET {column} = ? WHERE {column} = ?", (new, old))

    return stored(street, change, a_home(random))


def batch_replayed(street: Street, random: Random) -> list[str]:
    """The newest batches are an old one once more, linked as the logger would."""

    def change(database: sqlite3.Connection) -> None:
        number = a_row(database, "batches", random)[0]
        meters = dict(database.execute("SELECT id, name FROM meters").fetchall())
        old = samples_of(database, number, meters)
        place = random.choice([n for n in range(2, batches_of(database)) if n != number])
        rewritten(database, place, lambda n, own: old if n == 0 else own)

    return stored(street, change, a_home(random))


def tail_dropped(street: Street, random: Random) -> list[str]:
    """The last batches, all of them: the chain itself stays whole."""

    def change(database: sqlite3.Connection) -> None:
        last = random.randrange(1, batches_of(database))
        database.execute("DELETE FROM samples WHERE batch > ?", (last,))
        database.execute("DELETE FROM batches WHERE number > ?", (last,))

    return stored(street, change, a_home(random))


def chain_rewritten(street: Street, random: Random) -> list[str]:
    """A sample is changed, and every digest from there on is computed anew."""

    def change(database: sqlite3.Connection) -> None:
        def lower(number: int, own: list[Sample]) -> list[Sample]:
            if number:
                return own
            at = random.randrange(len(own))
            own[at] = replace(own[at], forward=(own[at].forward or 0) + random.choice([-1, 1]))
            return own

        rewritten(database, random.randint(1, batches_of(database)), lower)

    return stored(street, change, a_home(random))


def chain_rewritten_without(street: Street, random: Random) -> list[str]:
    """A sample is left out, and every digest from there on is computed anew."""

    def change(database: sqlite3.Connection) -> None:
        def less(number: int, own: list[Sample]) -> list[Sample]:
            if number == 0:
                del own[random.randrange(len(own))]
            return own

        rewritten(database, random.randint(1, batches_of(database)), less)

    return stored(street, change, a_home(random))


def rewritten(
    database: sqlite3.Connection, first: int, change: Callable[[int, list[Sample]], list[Sample]]
) -> None:
    """Store everything from a batch on anew, as its owner could; `change` is told 0 for the first of them."""
    meters = dict(database.execute("SELECT id, name FROM meters").fetchall())
    ids = {name: number for number, name in meters.items()}
    rows = database.execute(
        "SELECT * FROM batches WHERE number >= ? ORDER BY number", (first - 1,)
    ).fetchall()
    previous = Batch(*rows[0]) if rows[0][0] == first - 1 else None
    for place, row in enumerate(rows[0 if previous is None else 1 :]):
        own = change(place, samples_of(database, row[0], meters))
        batch = chain.next_batch(previous, chain.ordered(own))
        database.execute("DELETE FROM samples WHERE batch = ?", (row[0],))
        facts = (batch.first, batch.last, batch.samples, batch.content, batch.digest, batch.number)
        columns = "first = ?, last = ?, samples = ?, content = ?, digest = ?"
        database.execute(f"UPDATE batches SET {columns} WHERE number = ?", facts)
        for each in own:
            values = (getattr(each, name) for name in chain.FIELDS)
            target = (ids[each.meter], each.taken, batch.number, *values)
            database.execute(f"INSERT INTO samples VALUES ({', '.join('?' * len(target))})", target)
        previous = batch


def samples_of(database: sqlite3.Connection, batch: int, meters: dict[int, str]) -> list[Sample]:
    rows = database.execute("SELECT * FROM samples WHERE batch = ?", (batch,)).fetchall()
    return [
        Sample(meter=meters[meter], taken=taken, **dict(zip(chain.FIELDS, values, strict=True)))
        for meter, taken, _, *values in rows
    ]


# --- trade.db: reports and vouchers -----------------------------------------------------------------------


def report_changed(street: Street, random: Random) -> list[str]:
    copy = replace(street, buyer=replace(street.buyer, entries=list(street.buyer.entries)))
    at = random.randrange(len(copy.buyer.entries))
    entry = copy.buyer.entries[at]
    what = random.choice(["root", "before", "first", "batches", "start", "end", "produced", "consumed"])
    copy.buyer.entries[at] = changed_report(entry, what, random)
    return copy.found(copy.buyer)


def changed_report(entry: Entry, what: str, random: Random) -> Entry:
    by, covered = random.randint(1, 1_000), entry.covered
    if what == "root":
        return replace(entry, covered=replace(covered, root=random.randbytes(32)))
    if what in ("produced", "consumed"):
        more = Energy(getattr(covered, what).mwh + by)
        return replace(entry, covered=replace(covered, **{what: more}))  # type: ignore[arg-type]
    value: Any = random.randbytes(32) if what == "before" else getattr(covered.span, what) + by
    return replace(entry, covered=replace(covered, span=replace(covered.span, **{what: value})))


def report_dropped(street: Street, random: Random) -> list[str]:
    entries = list(street.buyer.entries)
    del entries[random.randrange(len(entries))]
    copy = replace(street, buyer=replace(street.buyer, entries=entries))
    return copy.found(copy.buyer)


def reports_reordered(street: Street, random: Random) -> list[str]:
    entries = list(street.buyer.entries)
    one, two = random.sample(range(len(entries)), 2)
    for here, there in ((one, two), (two, one)):
        mine, other = street.buyer.entries[here].covered, street.buyer.entries[there].covered
        moved = replace(other, span=replace(other.span, start=mine.span.start, end=mine.span.end))
        entries[here] = replace(entries[here], covered=moved)
    copy = replace(street, buyer=replace(street.buyer, entries=entries))
    return copy.found(copy.buyer)


def voucher_changed(street: Street, random: Random) -> list[str]:
    order = random.choice(street.trades).order
    energy, signature = street.vouchers[order]
    if random.random() < 0.5:
        energy = max(energy + random.choice([-1, 1]) * random.randint(1, 900), 1)
    else:
        at = random.randrange(len(signature))
        signature = signature[:at] + bytes([signature[at] ^ (1 << random.randrange(8))]) + signature[at + 1 :]
    return judged(street, order, energy, signature, random)


def voucher_replayed(street: Street, random: Random) -> list[str]:
    """That of another order, an older one of the same, or one for more by somebody else."""
    one, two = random.sample(street.trades, 2)
    energy, signature = street.vouchers[two.order]
    kind = random.randrange(3)
    if kind == 1:
        energy = random.randint(1, one.received - 1)
        signature = voucher(one.order, energy)
    elif kind == 2:
        energy = one.received + random.randint(1, 500)
        signature = voucher(one.order, energy, SELLER)
    return judged(street, one.order, energy, signature, random)


def judged(street: Street, order: str, energy: int, signature: bytes, random: Random) -> list[str]:
    copy = replace(street, vouchers={**street.vouchers, order: (energy, signature)})
    return copy.found(getattr(copy, a_home(random)))


# --- evidence and proofs ----------------------------------------------------------------------------------


def sides(street: Street, random: Random) -> tuple[Home, Home]:
    return (street.buyer, street.seller) if random.random() < 0.5 else (street.seller, street.buyer)


def shown(street: Street, other: Home) -> dict[str, Any]:
    key = id(street), other.meter
    if key not in SHOWN:
        SHOWN[key] = street.evidence(other)
    given: dict[str, Any] = json.loads(SHOWN[key])
    return given


SHOWN: dict[tuple[int, str], str] = {}


def evidence_changed(street: Street, random: Random) -> list[str]:
    mine, other = sides(street, random)
    given = shown(street, other)
    scramble(given, random)
    return street.found(mine, json.dumps(given))


def evidence_dropped(street: Street, random: Random) -> list[str]:
    mine, other = sides(street, random)
    given = shown(street, other)
    at = random.randrange(len(given["supplies"]))
    what = random.choice(["supply", "before", "after", "orders"])
    if what == "supply":
        del given["supplies"][at]
    else:
        given["supplies"][at][what] = [] if what == "orders" else None
    return street.found(mine, json.dumps(given))


def evidence_reordered(street: Street, random: Random) -> list[str]:
    mine, other = sides(street, random)
    given = shown(street, other)
    one, two = random.sample(range(len(given["supplies"])), 2)
    first, second = given["supplies"][one], given["supplies"][two]
    what = random.choice(["supplies", "orders", "before", "after", "ends"])
    if what == "supplies":
        given["supplies"][one], given["supplies"][two] = second, first
    elif what == "ends":
        first["before"], first["after"] = first["after"], first["before"]
    else:
        first[what], second[what] = second[what], first[what]
    return street.found(mine, json.dumps(given))


def evidence_replayed(street: Street, random: Random) -> list[str]:
    """True proofs of another time, or a supply that is shown twice."""
    mine, other = sides(street, random)
    given = shown(street, other)
    one, two = random.sample(given["supplies"], 2)
    what = random.choice(["both", "supply", "voucher"])
    if what == "both":
        one["before"], one["after"] = two["before"], two["after"]
    elif what == "supply":
        given["supplies"].append(two)
    else:
        one["orders"][0] |= {name: two["orders"][0][name] for name in ("voucher", "signature")}
    return street.found(mine, json.dumps(given))


def proof_changed(street: Street, random: Random) -> list[str]:
    given = a_proof(street, random)
    scramble(given, random)
    return refused(street, given)


def proof_mixed(street: Street, random: Random) -> list[str]:
    """Parts of one proof in another."""
    one, two = a_proof(street, random), a_proof(street, random)
    parts = random.choice(
        [["sample"], ["batch"], ["interval"], ["root"], ["transaction"], ["batch", "interval"]]
    )
    while all(one[part] == two[part] for part in parts):
        two = a_proof(street, random)
    return refused(street, {**one, **{part: two[part] for part in parts}})


def a_proof(street: Street, random: Random) -> dict[str, Any]:
    home: Home = getattr(street, a_home(random))
    supply = random.choice(shown(street, home)["supplies"])
    proof: dict[str, Any] = supply[random.choice(["before", "after"])]
    return proof


def refused(street: Street, given: dict[str, Any]) -> list[str]:
    """Why a proof is not believed."""
    try:
        proof = proofs.loads(json.dumps(given))
    except ProofRefused as error:
        return [str(error)]
    why = "" if proof.holds else "it does not hold"
    return [why] if why else [said] if (said := street.contradicted(proof.report)) else []


def scramble(given: Any, random: Random) -> None:
    """Change one value somewhere inside."""
    places = list(inside(given))
    holder, key = random.choice(places)
    before = holder[key]
    if isinstance(before, int):
        holder[key] = before + random.choice([-1, 1]) * random.choice([1, 2, 1_000, 2**40])
        return
    at = random.randrange(len(before))
    letters = [c for c in "0123456789abcdefghxyz-_+/=" if c.lower() != before[at].lower()]
    holder[key] = before[:at] + random.choice(letters) + before[at + 1 :]


def inside(given: Any) -> Iterator[tuple[Any, Any]]:
    """Every value that is no object or list, as where it is and by which key."""
    for key, value in given.items() if isinstance(given, dict) else enumerate(given):
        if isinstance(value, dict | list):
            yield from inside(value)
        elif value is not None:
            yield given, key


def void(_: object) -> None:
    """Nothing."""


KINDS: dict[str, Tampering] = {
    kind.__name__: kind
    for kind in (
        sample_changed,
        sample_dropped,
        sample_moved,
        sample_replayed,
        samples_swapped,
        batch_emptied,
        batch_changed,
        batch_dropped,
        batches_reordered,
        batch_replayed,
        tail_dropped,
        chain_rewritten,
        chain_rewritten_without,
        report_changed,
        report_dropped,
        reports_reordered,
        voucher_changed,
        voucher_replayed,
        evidence_changed,
        evidence_dropped,
        evidence_reordered,
        evidence_replayed,
        proof_changed,
        proof_mixed,
    )
}
