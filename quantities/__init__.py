"""The amounts that the neighbourhood trades in, as small integer types that cannot be mixed up.

Ledgers, vouchers and wire frames carry integers only: milliwatt-hours, milliwatts, token base units. A type
for each keeps an energy from being added to a price, and gives every amount one way to be read and shown.
"""

from quantities.energy import Energy, Power
from quantities.money import Price, Tokens
from quantities.share import Share
from quantities.soc import SoC

__all__ = ["Energy", "Power", "Price", "Share", "SoC", "Tokens"]
