"""What can go wrong with the household's account.

```
WalletError
└── AlreadyIntended   this purpose was written to the journal before
```
"""

from __future__ import annotations


class WalletError(Exception):
    """Anything that this room raises."""


class AlreadyIntended(WalletError):
    """The journal has this purpose already: it is, or was, sent once; never again."""
