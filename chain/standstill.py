"""When geth is to begin sealing anew: a block that its sealer did not sign is given up, not tried again.

Geth prepares the next block when a head or a transaction arrives. On a chain of one signer, or whose signers'
sealers were all away for a moment, no head comes any more, and it would wait for a transaction for ever. It
also stops sealing while it follows a fork; on a busy machine signers were seen that never began again.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Standstill:
    """The head last seen, and how long nothing has happened since."""

    height: int
    since: float
    """Monotonic seconds at which it was first seen, or sealing was last begun anew."""

    def seen(self, height: int, now: float) -> Standstill:
        """Take a look at the head into account."""
        return self if height == self.height else Standstill(height=height, since=now)

    def tried(self, now: float) -> Standstill:
        """After sealing was begun anew: a block has its time to come."""
        return Standstill(height=self.height, since=now)

    def lasts(self, patience: float, now: float) -> bool:
        """Whether the head has stood still for longer than a chain that is well ever does.

        Args:
            patience: seconds.
        """
        return now - self.since > patience


BEGINNING = Standstill(height=-1, since=0.0)
"""Before any head was seen."""
