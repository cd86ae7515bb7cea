"""Walks the whole hash chain of the readings, and says where it does not fit."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from node.readings import chain
from node.readings.interface import Batch, Readings, Sample

PAGE = 200
"""Batches read at a time: a quarter of an hour of them."""

AGAIN_AFTER = 1.0
"""Seconds until something that does not fit is looked at again: it may just be deleted by age."""


@dataclass(frozen=True, kw_only=True)
class Checked:
    """What a walk along the chain came to."""

    batches: int = 0
    samples: int = 0
    pruned: int = 0
    """Batches whose samples were deleted by age: their digests are checked all the same."""

    digest: bytes = chain.GENESIS
    """Of the last batch that fits."""

    broken: int | None = None
    """Number of the first batch that does not fit; None: every one does."""

    why: str = ""
    strays: int = 0
    """Samples that belong to no batch's span of time: slipped in."""

    @property
    def intact(self) -> bool:
        """Whether nothing is wrong."""
        return self.broken is None and not self.strays


def check(
    readings: Readings,
    *,
    kept_since: int | None = None,
    progress: Callable[[int], None] = lambda _: None,
    pause: Callable[[float], None] = time.sleep,
) -> Checked:
    """Walk from the first batch to the newest.

    Args:
        kept_since: Unix ms since which no samples can have been deleted by age; None: they may all be.
        progress: told the number of each page's last batch.
        pause: waits for seconds.

    Raises:
        StoreError: the readings cannot be read.
    """
    previous: Batch | None = None
    samples = pruned = 0
    while page := readings.pages(0 if previous is None else previous.number, PAGE):
        for batch, found in page:
            own = kept(batch, found, kept_since)
            why = wrong(previous, batch, own, kept_since)
            if why:  # rare: once more, and only then is it believed
                pause(AGAIN_AFTER)
                batch, found = (readings.pages(batch.number - 1, 1) or [(batch, found)])[0]  # noqa: PLW2901
                own = kept(batch, found, kept_since)
                why = wrong(previous, batch, own, kept_since)
            if why:
                last = chain.GENESIS if previous is None else previous.digest
                count = 0 if previous is None else previous.number
                return Checked(batches=count, samples=samples, pruned=pruned, digest=last,
                               broken=batch.number, why=why)  # fmt: skip
            samples += len(found)
            pruned += not own
            previous = batch
        progress(page[-1][0].number)
    if previous is None:
        return Checked(strays=readings.stored(2**62))
    strays = max(readings.stored(previous.number) - samples, 0)
    return Checked(
        batches=previous.number, samples=samples, pruned=pruned, digest=previous.digest, strays=strays
    )


def kept(batch: Batch, samples: list[Sample], kept_since: int | None) -> list[Sample]:
    """The samples of a batch; none where some have been deleted by age, for the others are next."""
    partly = len(samples) < batch.samples and kept_since is not None and batch.last < kept_since
    return [] if partly else samples


def wrong(previous: Batch | None, batch: Batch, samples: list[Sample], kept_since: int | None) -> str:
    """Why a batch does not fit, as a clause; empty: it does."""
    number = 1 if previous is None else previous.number + 1
    if batch.number != number:
        return f"batch {number} is missing"
    if not samples and kept_since is not None and batch.last >= kept_since:
        return "its samples are gone before their time"
    if not chain.fits(previous, batch, samples):
        linked = batch.digest == chain.digest(batch, chain.GENESIS if previous is None else previous.digest)
        return "its samples were changed" if linked else "it does not follow from the batch before"
    return ""
