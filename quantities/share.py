"""A part of a whole, in hundredths of a percent."""

from __future__ import annotations

from quantities.amount import Amount, trimmed
from quantities.said import Said

WHOLE = 10_000


class Share(Amount):
    """A part of a whole in hundredths of a percent, 0 (nothing) to 10,000 (all of it)."""

    __slots__ = ()

    def __post_init__(self) -> None:
        """Refuse what is no part.

        Raises:
            ValueError: outside 0–100 %.
        """
        Amount.__post_init__(self)
        if not 0 <= self.value <= WHOLE:
            raise ValueError(
                Said("a share lies between 0 and 100 %%, not at %(given)s", given=f"{self.value / 100} %")
            )

    def __str__(self) -> str:
        return f"{trimmed(self.value, 2, 2)} %"
