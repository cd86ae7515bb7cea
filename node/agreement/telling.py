"""What the neighbours follow, for people and for programs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from node.agreement.judging import Compared, Verdict

SHOWN = 10
"""Characters of a hash that people compare."""


def facts(found: Sequence[Compared]) -> list[dict[str, object]]:
    """One object a neighbour."""
    return [
        {
            "name": each.told.name,
            "verdict": each.verdict,
            "block": each.told.number if each.told.hash else None,
            "hash": each.told.hash or None,
            "our_hash": each.ours or None,
            "why": each.told.why or None,
        }
        for each in found
    ]


def lines(found: Sequence[Compared]) -> Iterator[str]:
    """A line a neighbour, and one for all."""
    for each in found:
        told = each.told
        match each.verdict:
            case Verdict.SAME:
                yield f"{told.name} follows our chain, at block {told.number}"
            case Verdict.BEYOND:
                yield f"{told.name} is at block {told.number}; our node has not come so far"
            case Verdict.OTHER:
                yield (
                    f"{told.name} FOLLOWS ANOTHER CHAIN: block {told.number} is {told.hash[:SHOWN]}… there "
                    f"and {each.ours[:SHOWN]}… here"
                )
            case Verdict.UNTOLD:
                yield f"{told.name} does not tell: {told.why}"
    yield _all(found)


def _all(found: Sequence[Compared]) -> str:
    others = sum(each.verdict is Verdict.OTHER for each in found)
    if others:
        return (
            f"{others} of {len(found)} neighbours follow another chain; on every host: "
            "commonwatt chain survey, then commonwatt chain recover-stall says which is the heavier one"
        )
    heard = sum(each.verdict is not Verdict.UNTOLD for each in found)
    return f"no neighbour follows another chain; {heard} of {len(found)} told theirs"
