"""What can go wrong with a statement.

```
StatementError
├── DoesNotAddUp     the chain's events contradict each other, or the balances that it states
├── UnknownMonth     not written as 2026-11, or not begun yet
├── UnknownZone      no time zone of that name on this host
└── UnknownHousehold nobody of that name or account
```
"""

from __future__ import annotations


class StatementError(Exception):
    """Anything that this room raises."""


class DoesNotAddUp(StatementError):
    """Events are missing, or the node's answers do not belong together."""


class UnknownMonth(StatementError):
    """The month is not written as 2026-11, or lies in the future."""


class UnknownZone(StatementError):
    """There is no time zone of that name on this host."""


class UnknownHousehold(StatementError):
    """The registry lists nobody of that name or account."""
