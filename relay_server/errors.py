"""What can go wrong between a relay and those who use it.

RelayError
├── RelayUnreachable     no connection, or it broke: try again later
│   ├── RelayWaiting     it runs, and waits for what it needs itself: try again later
│   └── WrongRelay       somebody else answers at this address
├── BadFrame             not a frame of this protocol
└── RecordsMissing       relay.db is not there, or is not ours

Refusals are no errors: they are answers (`messages.Refused`). `drivers.DriverMissing` is a RelayError too.
"""

from __future__ import annotations


class RelayError(Exception):
    """Anything that this room raises."""


class RelayUnreachable(RelayError):
    """The relay does not answer: no connection, silence, or nonsense. The message names the address."""


class RelayWaiting(RelayUnreachable):
    """The relay runs, but does not know the neighbourhood's contracts yet; the message says why."""


class WrongRelay(RelayUnreachable):
    """The relay at this address belongs to another account, chain or protocol than expected."""


class BadFrame(RelayError):
    """Bytes that are no frame of this protocol; the message says what is wrong with them."""


class RecordsMissing(RelayError):
    """The relay's records cannot be read; the message names the file."""
