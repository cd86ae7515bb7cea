"""The hash chain of the readings: whoever changes a stored sample breaks every digest after it.

    leaf     SHA-256(00 ‖ "meter,taken,voltage,current,power,forward,reverse,soc")      nothing for a None
    content  root of the Merkle tree over a batch's leaves, in the order (meter, taken)
    digest   SHA-256(02 ‖ number ‖ first ‖ last ‖ samples ‖ digest of the batch before ‖ content)
    root     SHA-256(03 ‖ start ‖ end ‖ first number ‖ batches ‖ digest before the first ‖ tree over digests)

The root of an interval is what a household reports. It covers the batches stored since the report before, and
through the digest before them everything stored until then; so nothing can be changed, slipped in or left out
later, not even by who computes the whole chain anew. docs/reconciliation.md has the same for other languages.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from operator import attrgetter
from struct import pack

from node.readings import merkle
from node.readings.interface import Batch, Sample

GENESIS = bytes(32)
"""The digest before the first batch."""

LINK, ROOT = b"\x02", b"\x03"

FIELDS = ("voltage", "current", "power", "forward", "reverse", "soc")
SHOWS = attrgetter("taken", *FIELDS)
SHOWN = ",".join(["%s"] * (1 + len(FIELDS)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """What an interval's root covers."""

    start: int
    """Unix seconds; also the interval's number in the report."""

    end: int
    """Unix seconds, exclusive."""

    first: int
    """Number of its first batch; of the batch to come when there is none."""

    batches: int
    before: bytes
    """Digest of the batch before the first."""

    @property
    def last(self) -> int:
        """Number of its last batch; below `first` when there is none."""
        return self.first + self.batches - 1


def ordered(samples: Iterable[Sample]) -> list[Sample]:
    """The samples of a batch in canonical order; of two of one meter and moment the later given stays."""
    unique = {(sample.meter, sample.taken): sample for sample in samples}
    return [unique[key] for key in sorted(unique)]


def leaf(sample: Sample) -> bytes:
    """The hash of one sample."""
    shown = (SHOWN % SHOWS(sample)).replace("None", "")
    return merkle.leaf(f"{sample.meter},{shown}".encode())


def content(samples: Sequence[Sample]) -> bytes:
    """The root over a batch's samples, which are in canonical order."""
    return merkle.root(map(leaf, samples))


def digest(batch: Batch, previous: bytes) -> bytes:
    """What a batch's digest has to be, after the digest of the batch before."""
    facts = pack(">qqqq", batch.number, batch.first, batch.last, batch.samples)
    return sha256(LINK + facts + previous + batch.content).digest()


def next_batch(previous: Batch | None, samples: Sequence[Sample]) -> Batch:
    """The batch that follows; `samples` are in canonical order and not empty."""
    taken = [sample.taken for sample in samples]
    number = 1 if previous is None else previous.number + 1
    facts = (number, min(taken), max(taken), len(samples), content(samples))
    return Batch(*facts, digest(Batch(*facts, b""), GENESIS if previous is None else previous.digest))


def fits(previous: Batch | None, batch: Batch, samples: Sequence[Sample]) -> bool:
    """Whether a stored batch is the link that it was written as.

    A batch whose samples were all deleted by age cannot be checked; its digest still is.
    """
    before = GENESIS if previous is None else previous.digest
    number = 1 if previous is None else previous.number + 1
    if batch.number != number or batch.digest != digest(batch, before):
        return False
    if not samples:
        return True
    taken = [sample.taken for sample in samples]
    seen = (min(taken), max(taken), len(samples), content(samples))
    return seen == (batch.first, batch.last, batch.samples, batch.content)


def root(span: Span, digests: Iterable[bytes]) -> bytes:
    """The root of an interval, over the digests of its batches."""
    return bound(span, merkle.root(digests))


def bound(span: Span, tree: bytes) -> bytes:
    """The root of an interval, from the tree over its batches' digests."""
    facts = pack(">qqqq", span.start, span.end, span.first, span.batches)
    return sha256(ROOT + facts + span.before + tree).digest()
