"""What the ledger names as a difference gets an entry of its own, with the treasurer's reason."""

from __future__ import annotations

from node.statement.happened import NOBODY
from node.statement.history import minted_and_burned
from node.treasury.book import Draft
from node.treasury.desk import Desk
from node.treasury.entries import Entry, Kind
from node.treasury.errors import Refused
from node.treasury.overview import overview
from quantities import Tokens


def explain(desk: Desk, transaction: str, reference: str) -> list[Entry]:
    """Write down every mint and burn of a transaction that no entry has made.

    Raises:
        Refused: the ledger names no difference for this transaction.
    """
    last = desk.last()
    book = desk.book.entries()
    seen = overview(desk.client, desk.manifest, book, treasurer=desk.address, last=last)
    if transaction.lower() not in {found.transaction for found in seen.checked.differences}:
        raise Refused(f"the ledger names no difference of transaction {transaction}: nothing was written")
    made = []
    for event in minted_and_burned(desk.client, desk.manifest, last):
        if event.transaction != transaction.lower():
            continue
        minted = event.fields["from"] == NOBODY
        account = event.fields["to" if minted else "from"]
        draft = Draft(
            kind=Kind.EXPLAINED,
            account=account,
            name=seen.names.get(account, account),
            tokens=Tokens(event.fields["value"] if minted else -event.fields["value"]),
            money=None,
            reference=reference,
            transfer=f"{event.transaction}:{event.index}",
        )
        made.append(desk.explain(draft))
    return made
