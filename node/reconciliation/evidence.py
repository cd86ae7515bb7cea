"""The file that one household hands to another: its readings around its trades, each proved by its reports.

    {"evidence": "commonwatt-evidence-1", "chain": …, "household": account, "supplies": [
        {"orders": [{"order": …, "voucher": mWh, "signature": …}],
         "meter": …, "before": proof, "after": proof}]}

Nothing in it is only claimed: the meter's figure is the difference of two proven readings, a voucher carries
the buyer's signature. `before` and `after` are null for what is not reported yet. Orders and supplies stand
in the order of their ids, and whatever is not exactly in this format is refused.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from node.readings import proof as proofs
from node.readings.errors import ProofRefused
from node.readings.proof import ADDRESS, HASH, METER, Proof, exactly, once, text_as, whole
from node.reconciliation.errors import EvidenceRefused

FORMAT = "commonwatt-evidence-1"
SIGNATURE = re.compile(r"0x(?:[0-9a-f]{130})?\Z")


@dataclass(frozen=True, kw_only=True)
class Vouchered:
    """An order and its best voucher."""

    order: str
    voucher: int
    """mWh."""

    signature: bytes
    """Empty: nothing was vouchered for."""


@dataclass(frozen=True, kw_only=True)
class Shown:
    """Orders that ran into one another, and the meter's readings before and after them."""

    orders: tuple[Vouchered, ...]
    meter: str
    before: Proof | None
    after: Proof | None

    @property
    def ids(self) -> tuple[str, ...]:
        """The orders."""
        return tuple(each.order for each in self.orders)


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """A whole file."""

    chain_id: int
    household: str
    """Account."""

    supplies: tuple[Shown, ...]


def dumps(evidence: Evidence) -> str:
    """As JSON, one supply a line."""
    supplies = ",\n".join(json.dumps(_fields(each), separators=(",", ":")) for each in evidence.supplies)
    head = {
        "evidence": FORMAT,
        "chain": evidence.chain_id,
        "household": evidence.household,
    }
    return f'{json.dumps(head)[:-1]}, "supplies": [\n{supplies}\n]}}\n'


def loads(text: str | bytes) -> Evidence:
    """Read what `dumps` wrote.

    Raises:
        EvidenceRefused: it is no evidence in this format.
    """
    try:
        return _parsed(json.loads(text, object_pairs_hook=once))
    except (KeyError, IndexError, TypeError, ValueError, RecursionError, ProofRefused) as error:
        raise EvidenceRefused(f"this is no evidence in the format {FORMAT}: {error}") from None


def _parsed(whole_file: object) -> Evidence:
    given = exactly(whole_file, {"evidence", "chain", "household", "supplies"})
    if given["evidence"] != FORMAT or not isinstance(given["supplies"], list):
        raise ValueError(f"it says {given['evidence']!r}")
    found = Evidence(
        chain_id=whole(given["chain"]),
        household=text_as(given["household"], ADDRESS),
        supplies=tuple(_shown(each) for each in given["supplies"]),
    )
    _rising([each.ids[0] for each in found.supplies])
    return found


def _fields(shown: Shown) -> dict[str, Any]:
    return {
        "orders": [
            {"order": each.order, "voucher": each.voucher, "signature": f"0x{each.signature.hex()}"}
            for each in shown.orders
        ],
        "meter": shown.meter,
        "before": None if shown.before is None else proofs.fields(shown.before),
        "after": None if shown.after is None else proofs.fields(shown.after),
    }


def _shown(given: object) -> Shown:
    each: Mapping[str, Any] = exactly(given, {"orders", "meter", "before", "after"})
    if not isinstance(each["orders"], list):
        raise TypeError("orders are a list")
    orders = []
    for listed in each["orders"]:
        order = exactly(listed, {"order", "voucher", "signature"})
        signature = bytes.fromhex(text_as(order["signature"], SIGNATURE)[2:])
        orders.append(
            Vouchered(
                order=text_as(order["order"], HASH), voucher=whole(order["voucher"]), signature=signature
            )
        )
    _rising([order.order for order in orders])
    return Shown(
        orders=tuple(orders),
        meter=text_as(each["meter"], METER),
        before=None if each["before"] is None else proofs.parsed(each["before"]),
        after=None if each["after"] is None else proofs.parsed(each["after"]),
    )


def _rising(orders: Sequence[str]) -> None:
    if any(after <= before for before, after in pairwise(orders)):
        raise ValueError("orders stand in the order of their ids, each once")
