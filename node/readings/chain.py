"""The hash chain of the readings: whoever changes a stored sample breaks every digest after it.

A batch's content is the SHA-256 of its samples, one line each, in the order (meter, time):

    meter,taken,voltage,current,power,forward,reverse,soc\\n       (nothing where a value is None)

and its digest is SHA-256(digest of the batch before ‖ content). Contents are the leaves of the Merkle tree
whose root a household reports; the chain proves that none was slipped in or left out later.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import sha256

from node.readings.interface import Batch, Sample

GENESIS = bytes(32)
"""The digest before the first batch."""

FIELDS = ("voltage", "current", "power", "forward", "reverse", "soc")


def ordered(samples: Iterable[Sample]) -> list[Sample]:
    """The samples of a batch in canonical order; of two of one meter and moment the later given stays."""
    unique = {(sample.meter, sample.taken): sample for sample in samples}
    return [unique[key] for key in sorted(unique)]


def content(samples: Sequence[Sample]) -> bytes:
    """SHA-256 over the samples, which are in canonical order."""
    digest = sha256()
    for sample in samples:
        values = (getattr(sample, field) for field in FIELDS)
        shown = ",".join("" if value is None else str(value) for value in values)
        digest.update(f"{sample.meter},{sample.taken},{shown}\n".encode())
    return digest.digest()


def link(previous: bytes, content_: bytes) -> bytes:
    """The digest of a batch, from that of the batch before and its own content."""
    return sha256(previous + content_).digest()


def next_batch(previous: Batch | None, samples: Sequence[Sample]) -> Batch:
    """The batch that follows; `samples` are in canonical order and not empty."""
    hashed = content(samples)
    taken = [sample.taken for sample in samples]
    return Batch(
        number=1 if previous is None else previous.number + 1,
        first=min(taken),
        last=max(taken),
        samples=len(samples),
        content=hashed,
        digest=link(GENESIS if previous is None else previous.digest, hashed),
    )


def fits(previous: Batch | None, batch: Batch, samples: Sequence[Sample]) -> bool:
    """Whether a stored batch is the link that it was written as.

    A batch whose samples were all deleted by age cannot be checked; its digest still is.
    """
    before = GENESIS if previous is None else previous.digest
    number = 1 if previous is None else previous.number + 1
    if batch.number != number or batch.digest != link(before, batch.content):
        return False
    return not samples or content(samples) == batch.content
