"""The coils of all contacts, and what their contacts say: a driver behind which nothing else breaks.

Drivers come from anywhere, raise anything and may not return: whatever one pin does, the next one is still
released.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import partial

from relay_server.acts import Tell
from relay_server.drivers.interface import Pins
from relay_server.hands import NONE, AtOnce, Call, Calls, What

HUNG = 2.0
"""Seconds after which a call that does not return is a fault of its contact. Until then nothing is supposed
about the contact: a board that starts anew is no reason to send for somebody."""


@dataclass(frozen=True, kw_only=True)
class Heard:
    """What the driver has answered, for those of the contacts for which it has."""

    followed: Mapping[int, bool | None]
    powered: Mapping[int, bool | None]
    drives: Mapping[int, int]
    """How often each contact had been driven when it was asked about: an answer is good until the next."""


@dataclass(frozen=True, kw_only=True)
class Looked:
    """What contacts say at one moment."""

    followed: Mapping[int, bool | None]
    """Whether each stands as it was last driven; None where no auxiliary contact is wired."""
    powered: Mapping[int, bool | None]
    """Voltage on the supply side; None where no sense input is wired, or it fails."""
    unseen: frozenset[int]
    """Those of which nothing is known, because a call for them is out: neither that they stand, nor that they
    do not."""


class Coils:
    """Pins by the numbers of their contacts."""

    def __init__(
        self,
        pins: Pins,
        numbers: Mapping[int, int],
        tell: Callable[[Tell], object],
        calls: Calls | None = None,
    ) -> None:
        """Take the driver over; nothing is driven yet.

        Args:
            numbers: pin of each contact.
            tell: takes what the log has to know.
            calls: who makes the calls; None: whoever asks.
        """
        self._pins = pins
        self._numbers = numbers
        self._tell = tell
        self._calls: Calls = calls or AtOnce()
        self._undriven: dict[int, bool] = {}
        self._late: frozenset[int] = frozenset()
        """Driven in this turn only, after they could not be: their contacts have not followed yet."""
        self._awaited: dict[int, bool] = {}
        """How a coil is to stand once the call that is out for it has returned."""
        self._drives = dict.fromkeys(numbers, 0)
        self._wanted: dict[int, bool] = {}
        """How each coil was last asked to stand."""
        self._released: set[int] = set()
        """Whose release has returned, and which nobody asked to energise since."""

    def drive(self, contact: int, energised: bool) -> None:
        """Energise or release; an output that cannot be driven counts as a contact that does not follow.

        While a call for it is out, a coil is released all the same, but not energised.
        """
        what, out = What.ENERGISE if energised else What.RELEASE, self._calls.out
        self._drives[contact] += 1
        self._wanted[contact] = energised
        if energised:
            self._released.discard(contact)
        failed_before = self._undriven.pop(contact, None) is not None
        driving = {(What.ENERGISE, contact), (What.RELEASE, contact)} & out.keys()
        if driving:
            self._awaited[contact] = energised
            if energised or (what, contact) in driving:
                return
        result: list[Exception | None] = []
        self._calls.make([Call((what, contact), partial(self._driven, contact, energised, result))])
        if not result:
            self._awaited[contact] = energised
            self._tell(Tell(event="pin driver hangs", contact=contact, facts={"energised": energised}))
        elif result[0] is None:
            if not energised:
                self._released.add(contact)
        else:
            self._undriven[contact] = energised
            if not failed_before:
                error = f"{type(result[0]).__name__}: {result[0]}"
                facts: dict[str, str | int] = {"energised": energised, "error": error}
                self._tell(Tell(event="pin not driven", contact=contact, facts=facts))

    def drive_again(self) -> None:
        """Try once more what could not be driven, and what came back: nobody knows how that stands now."""
        driving = {contact for what, contact in self._calls.out if what in {What.ENERGISE, What.RELEASE}}
        back = {contact: energised for contact, energised in self._awaited.items() if contact not in driving}
        self._awaited = {c: energised for c, energised in self._awaited.items() if c in driving}
        again = self._undriven | back
        for contact, energised in again.items():
            self.drive(contact, energised)
        self._late = frozenset(again)

    def ask(self, contacts: Collection[int], sensed: Collection[int] = (), *, beat: bool = False) -> Heard:
        """Ask the driver how contacts stand, and whether there is voltage at some of them.

        It may take its time: whoever waits here holds no lock that others need.

        Args:
            beat: let it beat as well, see `Pins.beat`; not while a coil may be energised unasked. Without the
                beat the timer in the coils' supply, where one is wired, releases that one with all others.

        Raises:
            Exception: whatever the driver raises at its beat.
        """
        followed: dict[int, bool | None] = {}
        powered: dict[int, bool | None] = {}
        drives = {contact: self._drives[contact] for contact in contacts}

        def ask(contact: int) -> None:
            seen = self._followed(contact)
            if contact in sensed:
                powered[contact] = self._powered(contact)
            followed[contact] = seen

        calls = [Call((What.LOOK, contact), partial(ask, contact)) for contact in contacts]
        beaten: list[Exception | None] = []
        if beat and not self.astray:
            calls.append(Call((What.BEAT, NONE), partial(_kept, self._pins.beat, beaten)))
        self._calls.make(calls)
        if beaten and beaten[0] is not None:
            raise beaten[0]
        return Heard(followed=dict(followed), powered=dict(powered), drives=drives)

    def looked(self, heard: Heard) -> Looked:
        """What of it is known now: nothing of a contact that was driven since, or for which a call is out."""
        out = {contact for _, contact in self._calls.out}
        driven = {contact for contact, drives in heard.drives.items() if drives != self._drives[contact]}
        unseen = frozenset(heard.drives.keys() - heard.followed.keys() | driven | heard.drives.keys() & out)
        undriven = self._undriven.keys() | self._late
        followed = {
            c: False if c in undriven else seen for c, seen in heard.followed.items() if c not in unseen
        }
        return Looked(followed=followed, powered=heard.powered, unseen=unseen)

    def hung(self, now: float) -> frozenset[int]:
        """The contacts for which a call has been out for so long that something is wrong."""
        return frozenset(c for (_, c), since in self._calls.out.items() if now - since >= HUNG and c != NONE)

    @property
    def beating(self) -> bool:
        """Whether the driver takes the beat of the safety loop."""
        return (What.BEAT, NONE) not in self._calls.out

    @property
    def astray(self) -> frozenset[int]:
        """The contacts whose coils are to be released, and may be energised: a call for them is out."""
        return frozenset(
            contact
            for what, contact in self._calls.out
            if self._wanted.get(contact) is False and (what is What.ENERGISE or contact not in self._released)
        )

    def _driven(self, contact: int, energised: bool, result: list[Exception | None]) -> None:
        _kept(partial(self._pins.drive, self._numbers[contact], energised), result)

    def _followed(self, contact: int) -> bool | None:
        try:
            return self._pins.followed(self._numbers[contact])
        except Exception:
            return False

    def _powered(self, contact: int) -> bool | None:
        try:
            return self._pins.powered(self._numbers[contact])
        except Exception:
            return None


def _kept(call: Callable[[], object], result: list[Exception | None]) -> None:
    """Make a call, and keep what it raised."""
    try:
        call()
    except Exception as error:
        result.append(error)
    else:
        result.append(None)
