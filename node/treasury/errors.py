"""What can go wrong at the treasurer's desk.

```
TreasuryError
├── Refused      it is not done, and nothing was written or sent; the message says why
├── Unfinished   it is written down and on its way; the next command goes on with it
└── NotDone      the chain refused it for good; the book says so, and no tokens were moved
```
"""

from __future__ import annotations


class TreasuryError(Exception):
    """Anything that this room raises."""


class Refused(TreasuryError):
    """Wrong key, unknown household, cap, a transfer or reference that is used: nothing was done."""


class Unfinished(TreasuryError):
    """The chain has not taken it in time."""


class NotDone(TreasuryError):
    """The transaction failed for good."""
