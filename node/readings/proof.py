"""The proof of one reading: the sample, and the hashes that lead from it to the root that was reported.

    sample ──path──▶ content of its batch ──▶ digest ──path──▶ root of its interval ── in the report

It is one JSON object of at most 2 kB, and needs nothing else to be checked but the report on the chain. The
format is in docs/reconciliation.md. Whatever is not exactly in that format is no proof: there is one way only
to write each, so that nothing in it can be changed unnoticed.
"""

from __future__ import annotations

import json
import re
from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from node.readings import chain, merkle
from node.readings.chain import FIELDS, Span
from node.readings.errors import ProofRefused
from node.readings.interface import Batch, Sample

FORMAT = "commonwatt-reading-1"

ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}\Z")
HASH = re.compile(r"0x[0-9a-f]{64}\Z")
METER = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}\Z")
I64 = 2**63


@dataclass(frozen=True, kw_only=True)
class Report:
    """Where the root is that a reading is proved by."""

    chain_id: int
    market: str
    household: str
    """Its account."""

    transaction: str
    span: Span
    root: bytes


@dataclass(frozen=True, kw_only=True)
class Proof:
    """That a household reported this sample."""

    report: Report
    batch: Batch
    """Without its content and digest, which follow from the rest."""

    previous: bytes
    """Digest of the batch before."""

    beside_batch: tuple[bytes, ...]
    sample: Sample
    index: int
    """Of the sample in its batch."""

    beside_sample: tuple[bytes, ...]

    def root(self) -> bytes | None:
        """What the sample and its path lead to; None: it is no path."""
        span = self.report.span
        content = merkle.climbed(chain.leaf(self.sample), self.index, self.batch.samples, self.beside_sample)
        if content is None or not self.batch.first <= self.sample.taken <= self.batch.last:
            return None
        facts = (self.batch.number, self.batch.first, self.batch.last, self.batch.samples, content)
        digest = chain.digest(Batch(*facts, b""), self.previous)
        place = self.batch.number - span.first
        if place == 0 and self.previous != span.before:
            return None
        tree = merkle.climbed(digest, place, span.batches, self.beside_batch)
        return None if tree is None else chain.bound(span, tree)

    @property
    def holds(self) -> bool:
        """Whether the path leads to the root that it names. Whether that was reported, the chain says."""
        return self.root() == self.report.root


def made(report: Report, digests: Sequence[bytes], batch: Batch, own: Sequence[Sample], index: int) -> Proof:
    """Prove one sample.

    Args:
        report: that covers the batch.
        digests: of all batches of the report.
        batch: the sample's.
        own: the batch's samples, in canonical order.
        index: of the sample among them.
    """
    place = batch.number - report.span.first
    return Proof(
        report=report,
        batch=Batch(batch.number, batch.first, batch.last, batch.samples, b"", b""),
        previous=report.span.before if place == 0 else digests[place - 1],
        beside_batch=tuple(merkle.path(digests, place)),
        sample=own[index],
        index=index,
        beside_sample=tuple(merkle.path([chain.leaf(sample) for sample in own], index)),
    )


def fields(proof: Proof) -> dict[str, Any]:
    """As an object of JSON."""
    report, span, batch, sample = proof.report, proof.report.span, proof.batch, proof.sample
    return {
        "proof": FORMAT,
        "chain": report.chain_id,
        "market": report.market,
        "household": report.household,
        "transaction": report.transaction,
        "root": _hex(report.root),
        "interval": {
            "start": span.start,
            "end": span.end,
            "first": span.first,
            "batches": span.batches,
            "before": _hex(span.before),
        },
        "batch": {
            "number": batch.number,
            "first": batch.first,
            "last": batch.last,
            "samples": batch.samples,
            "previous": _hex(proof.previous),
            "path": _joined(proof.beside_batch),
        },
        "sample": {
            "index": proof.index,
            "meter": sample.meter,
            "taken": sample.taken,
            **{name: value for name in FIELDS if (value := getattr(sample, name)) is not None},
            "path": _joined(proof.beside_sample),
        },
    }


def dumps(proof: Proof) -> str:
    """As one line of JSON."""
    return json.dumps(fields(proof), separators=(",", ":"))


def loads(text: str | bytes) -> Proof:
    """Read what `dumps` wrote.

    Raises:
        ProofRefused: it is no proof in this format.
    """
    try:
        given = json.loads(text, object_pairs_hook=once)
    except (ValueError, RecursionError) as error:
        raise ProofRefused(f"this is no proof of a reading: {error}") from None
    return parsed(given)


def parsed(given: object) -> Proof:
    """Read what `fields` made.

    Raises:
        ProofRefused: it is no proof in this format.
    """
    try:
        return _parsed(given)
    except (KeyError, TypeError, ValueError) as error:
        raise ProofRefused(f"this is no proof of a reading in the format {FORMAT}: {error}") from None


def _parsed(given: object) -> Proof:
    every = exactly(given, {"proof", "chain", "market", "household", "transaction", "root", "interval",
                            "batch", "sample"})  # fmt: skip
    if every["proof"] != FORMAT:
        raise ValueError(f"it says {every['proof']!r}")
    interval = exactly(every["interval"], {"start", "end", "first", "batches", "before"})
    batch = exactly(every["batch"], {"number", "first", "last", "samples", "previous", "path"})
    sample = exactly(every["sample"], {"index", "meter", "taken", "path"}, set(FIELDS))
    return Proof(
        report=Report(
            chain_id=whole(every["chain"]),
            market=text_as(every["market"], ADDRESS),
            household=text_as(every["household"], ADDRESS),
            transaction=text_as(every["transaction"], HASH),
            root=_hash(every["root"]),
            span=Span(
                start=whole(interval["start"]),
                end=whole(interval["end"]),
                first=whole(interval["first"]),
                batches=whole(interval["batches"]),
                before=_hash(interval["before"]),
            ),
        ),
        batch=Batch(
            whole(batch["number"]), _signed(batch["first"]), _signed(batch["last"]),
            whole(batch["samples"]), b"", b"",
        ),
        previous=_hash(batch["previous"]),
        beside_batch=_split(batch["path"]),
        sample=Sample(
            meter=text_as(sample["meter"], METER),
            taken=_signed(sample["taken"]),
            **{name: _signed(sample[name]) for name in FIELDS if name in sample},
        ),
        index=whole(sample["index"]),
        beside_sample=_split(sample["path"]),
    )  # fmt: skip


def exactly(given: object, names: set[str], more: set[str] | None = None) -> Mapping[str, Any]:
    """An object of JSON with just these keys.

    Raises:
        TypeError, ValueError: it is another.
    """
    if not isinstance(given, dict):
        raise TypeError(f"{given!r} is no object")
    wrong = names - set(given) | set(given) - names - (more or set())
    if wrong:
        raise ValueError(f"missing or unknown: {', '.join(sorted(map(str, wrong)))}")
    return given


def once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """For json's `object_pairs_hook`: no key twice.

    Raises:
        ValueError: one is.
    """
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice in an object")
    return found


def _signed(given: object) -> int:
    if type(given) is not int or not -I64 <= given < I64:
        raise ValueError(f"{given!r} is no whole number of 64 bits")
    return given


def whole(given: object) -> int:
    """A whole number of 63 bits.

    Raises:
        ValueError: it is none.
    """
    if _signed(given) < 0:
        raise ValueError(f"{given!r} is below zero")
    return _signed(given)


def text_as(given: object, pattern: re.Pattern[str]) -> str:
    """A text of a certain form.

    Raises:
        ValueError: it is none.
    """
    if not isinstance(given, str) or not pattern.match(given):
        raise ValueError(f"{given!r} is not as {pattern.pattern[:-2]}")
    return given


def _hash(given: object) -> bytes:
    return bytes.fromhex(text_as(given, HASH)[2:])


def _hex(hashed: bytes) -> str:
    return f"0x{hashed.hex()}"


def _joined(hashes: Sequence[bytes]) -> str:
    return b64encode(b"".join(hashes)).decode()


def _split(given: object) -> tuple[bytes, ...]:
    if not isinstance(given, str):
        raise TypeError(f"{given!r} is no path")
    joined = b64decode(given, validate=True)
    if len(joined) % 32 or b64encode(joined).decode() != given:
        raise ValueError("a path is whole hashes of 32 bytes, in base64")
    return tuple(joined[at : at + 32] for at in range(0, len(joined), 32))
