"""Keys that are to be made anew: which may be, and how the old ones get out of the way.

| key | what it takes |
|---|---|
| pages | the certificate's key: `site` brings another, signed by the same authority |
| node | the chain node's: `site` brings another, and the registry learns of it |
| sealer | of a household that does not seal: it gets another when it is to seal again |

The account's key is none of them: it is who the household is, and its tokens are that account's. That
of the overlay is made on the host and never leaves it: `ansible/play rotate-keys` has it made anew.
"""

from __future__ import annotations

import time
from enum import StrEnum
from pathlib import Path

from neighbourhood.errors import NeighbourhoodRefused
from neighbourhood.inventory import Inventory
from neighbourhood.making import Accounts


class Kind(StrEnum):
    """A household's key that can be made anew."""

    PAGES = "pages"
    NODE = "node"
    SEALER = "sealer"


FILES = {
    Kind.PAGES: ("https.key", "https.crt"),
    Kind.NODE: ("node.key",),
    Kind.SEALER: ("sealer.json", "sealer.password"),
}
"""In the household's folder beside the inventory."""


def refusal(inventory: Inventory, name: str, kind: Kind) -> str:
    """Why a key is not to be made anew now, as a sentence; empty: it may be."""
    if name not in inventory.households:
        return f"there is no household {name!r} in the inventory; it has {', '.join(inventory.households)}."
    if kind is Kind.SEALER and name in inventory.signers:
        return (
            f"{name} seals: with another key its blocks would be refused. Write `chain: follower` for it "
            "first, run the playbooks `signers` and `site`, renew it, and let it seal again the same way."
        )
    return ""


def put_aside(inventory: Inventory, folder: Path, name: str, kind: Kind, now: float) -> list[Path]:
    """Move a key's files aside and forget its public half; `making.make` then makes another.

    Ended in between, it is repeated: what is gone already is not missed. Nothing is deleted.

    Args:
        inventory: checked.
        folder: beside the inventory.
        now: Unix seconds, for the name of the folder that it goes to.

    Returns:
        Where the files are now.

    Raises:
        NeighbourhoodRefused: it must not be made anew now.
    """
    if why := refusal(inventory, name, kind):
        raise NeighbourhoodRefused(why)
    aside = folder / name / time.strftime("former-%Y%m%dT%H%M%S", time.gmtime(now))
    accounts = Accounts.load(folder)
    accounts.households.get(name, {}).pop(kind, None)
    accounts.save(folder)  # first: a public half without its key would be handed out
    moved = []
    for file in FILES[kind]:
        old = folder / name / file
        if old.exists():
            aside.mkdir(exist_ok=True, mode=0o700)
            moved.append(old.replace(aside / file))
    return moved
