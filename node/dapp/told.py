"""What the household's other processes say in English sentences, in the language of whoever reads.

They write for the log, the API and every page at once, and know no reader. So here is each of their sentences
once more as a message: a text that fits one is said again with its values in their places, and a text that
fits none stays as it came. `tests/unit/node/dapp/test_told.py` holds the list against their source.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from functools import cache, reduce

from node.dapp import language, words
from node.dapp.language import ENGLISH, N_
from node.dapp.language import gettext as _
from quantities.said import Said

TRADING = (
    N_("On its own battery, which is at %(soc)s."),
    N_("On its own battery, which is at %(soc)s, and supplies %(names)s."),
    N_("On its own battery, which is at %(soc)s: %(name)s stopped buying."),
    N_("Buys when the battery falls below %(limit)s."),
    N_("No seller is configured."),
    N_("The battery is at %(soc)s again, soon after the last supply."),
    N_("Buys %(seconds)s s after that supply, or when the battery falls below %(limit)s."),
    N_("Trading is being stopped."),
    N_("It begins with the next start."),
    N_("Trading is switched off in the configuration (trading.enabled)."),
    N_("The household stays on its own battery."),
    N_("Trading was switched off by %(name)s: nothing is bought or sold."),
    N_("It stays off, after a restart too, until it is switched on again: on the pages, under Control."),
    N_("Buys by itself again in %(minutes)s min, or when it is asked to."),
    N_("Waiting for the neighbourhood's contracts: %(why)s."),
    N_("Trading begins by itself then; until then the household stays on its own battery."),
    N_("It is tried again; the household stays on its own battery."),
    N_("The battery's state of charge is not known: the logger has published none yet."),
    N_("The battery's state of charge is not known: the last one is %(seconds)s s old."),
    N_("Nothing is bought until it is known again: check the battery's sensor and the logger."),
    N_("The battery is at %(soc)s, and nobody can supply. %(clauses)s."),
    N_("It is tried again all the time; until then the household stays on its own battery."),
    N_("Buying %(energy)s from %(seller)s at %(price)s, %(reason)s."),
    N_("The order goes to the chain."),
    N_("The order waits for its block in the chain."),
    N_("The order is in the chain and waits for its confirmation."),
    N_("The order is confirmed: %(name)s's contact closes, then the own tie."),
    N_("It is tried for %(seconds)s s: %(why)s."),
    N_("Supplied by %(name)s, %(reason)s: %(received)s of %(energy)s received; the battery is at %(soc)s."),
    N_("Supplied by %(name)s, %(reason)s: %(received)s of %(energy)s received."),
    N_("Goes home when the battery is at %(soc)s."),
    N_("Goes home when all of it is received, or the battery is at %(soc)s."),
    N_("Going home: %(why)s."),
    N_("Then %(name)s's contact opens with the last voucher, and %(partner)s settles the order."),
    N_("This household is not admitted in the registry: ask the neighbourhood's operator."),
    N_("The chain has not answered yet."),
    N_("The chain node at %(url)s does not answer."),
    N_("The chain node refuses: %(why)s."),
    N_("The chain cannot be followed here (%(error)s); see the log of client-interaction."),
    N_("The chain is at block %(number)s; its next one is waited for."),
    N_("The chain stands still at block %(number)s."),
    N_("The chain node lags behind, at block %(number)s; or this host's clock is wrong."),
    N_("This host's clock is behind the chain's time: set it (chrony, timedatectl)."),
    N_("The neighbourhood's authority has paused new orders."),
    N_("%(why)s: ask the neighbourhood's operator for more."),
    N_("This household is being set up: its key is not backed up yet."),
    N_("This household is being set up: nobody has looked at when it buys yet."),
    N_("The first run goes on on the household's pages."),
    N_("the tokens will run out on %(day)s, before the usual top-up on %(top_up)s"),
    N_("the tokens will run out on %(day)s"),
)
"""The state of trading, why it is so, and what comes next."""

CLAUSES = (
    N_("because the battery fell to %(soc)s (limit %(limit)s)"),
    N_("because %(name)s asked for it"),
    N_("to go on, the battery being at %(soc)s (until %(resume)s)"),
    N_("found on the chain"),
    N_("ordered by the neighbour"),
    N_("nothing offered"),
    N_("not admitted in the registry"),
    N_("asks %(price)s, more than %(limit)s"),
    N_("supplies somebody else"),
    N_("no seller is configured"),
    N_("sells at most %(energy)s an order"),
    N_("less is needed than the least that is sold, %(energy)s"),
    N_("the balance of %(tokens)s pays for less than the least, %(energy)s"),
    N_("the daily budget of %(tokens)s pays for less than the least, %(energy)s"),
    N_("the balance of %(tokens)s pays for less than %(energy)s"),
    N_("the daily budget of %(tokens)s pays for less than %(energy)s"),
    N_("the own relay: %(why)s"),
    N_("none is configured (relay)"),
    N_("its channel %(channel)s is no tie of the own relay: correct sellers.%(name)s.channel"),
    N_("the meter of tie %(channel)s is silent"),
    N_("its relay has not been asked yet"),
    N_("its relay does not know the neighbourhood's contracts yet"),
    N_("its relay does not answer"),
    N_("its relay refuses (%(code)s: %(why)s)"),
    N_("its relay refuses (%(code)s)"),
    N_("this seller is no longer configured"),
    N_("the household has no relay of its own"),
    N_("the seller did not close its contact"),
    N_("the own relay did not close the tie"),
    N_("the tie's meter is silent"),
    N_("the order is used up"),
    N_("%(name)s has settled the order"),
    N_("%(name)s has given the order back"),
    N_("%(name)s ends the supply"),
    N_("trading is being stopped"),
    N_("trading was switched off by %(name)s"),
    N_("it was stopped by %(name)s"),
    N_("the battery's state of charge is unknown"),
    N_("the battery is at %(soc)s"),
    N_("the own relay opened its contact: %(why)s"),
    N_("the own relay does not answer"),
    N_("%(name)s's relay opened its contact: %(why)s"),
    N_("%(name)s's relay does not answer"),
    N_("nobody decides about the supply: is the disk standing still?"),
    N_("the order is not known here"),
    N_("the order is gone from the chain"),
    N_("the order is settled"),
    N_("the order is not confirmed yet"),
    N_("no such order yet"),
    N_("another order is open here"),
    N_("nothing is offered at this contact"),
    N_("the buyer has asked the market to close the order"),
    N_("the order's supply ended with block %(number)s"),
    N_("the relay is being stopped"),
    N_("it is again as it was"),
)
"""Parts of these sentences, and what a trade's page gives as a reason."""

TIMELINE = (
    N_("%(energy)s, when the seller could be reached again"),
    N_("It was found on the chain: this household's books did not have it."),
    N_("The best voucher is for %(energy)s."),
    N_("It is used up; the supply goes on under the next order."),
    N_("It was used up, and the next order took over."),
    N_("Without opening."),
    N_("The market refused the order to %(name)s: %(error)s."),
    N_("The order was not made: %(error)s."),
    N_("%(name)s withdrew its offer before the order was in a block."),
    N_("%(name)s changed its price to %(price)s before the order was in a block."),
    N_("%(name)s sold to somebody else before the order was in a block."),
    N_("The seller gave the order back."),
    N_("The order was taken back: the seller did not settle it."),
)
"""Of a trade's steps."""

ANSWERS = (
    N_("Nothing may be asked for from the pages (intents.enabled)."),
    N_("An order of %(energy)s from %(name)s runs already."),
    N_("The battery is at %(soc)s, and goes home at %(resume)s: say how much is to be bought all the same."),
    N_("The battery is full."),
    N_("Nobody can supply now. %(clauses)s."),
    N_("Buying %(energy)s from %(seller)s at %(price)s."),
    N_("Nothing was running."),
    N_("%(name)s's supply ends."),
    N_("Nothing is bought by itself for an hour."),
    N_("Nothing is bought by itself for %(hours)s hours."),
    N_("Nothing is bought by itself for %(minutes)s min."),
    N_("Trading is off already: %(name)s switched it off."),
    N_("Trading is off: running supplies end, offers are withdrawn."),
    N_("Trading was not switched off here."),
    N_("Trading is on again."),
    N_("It stays off in the configuration, though (trading.enabled)."),
    N_("Contact %(contact)s is offered as the configuration says already."),
    N_("Contact %(contact)s is offered as the configuration says."),
    N_("Contact %(contact)s is to offer up to %(energy)s an order at %(price)s."),
    N_("Contact %(contact)s is to offer nothing more."),
    N_("It is as the configuration says already: %(what)s."),
    N_("Now %(what)s is %(value)s again, as in the configuration."),
    N_("Now %(what)s is %(value)s."),
    N_("the limit"),
    N_("going home"),
    N_("the highest price"),
    N_("the daily budget"),
    N_("Down to %(reserve)s is sold (offers.reserve): the limit may not be above it."),
    N_("Going home (%(resume)s) must be above the limit (%(limit)s): change the other one first."),
    N_("The neighbourhood's contracts are waited for: %(why)s."),
    N_("Nobody may be sent tokens as %(name)s; the households are %(names)s."),
    N_("This household's own account: nothing is to be sent."),
    N_("The balance of %(tokens)s is less than that."),
    N_("Sending %(tokens)s to %(name)s."),
    N_("%(name)s may take no tokens of this household any more."),
    N_("This was asked already: the form was sent twice."),
    N_("Contact %(contact)s is not for sale here (offers.feeds has %(known)s)."),
    N_("The price may be set to %(price)s at least (intents.offer_price_from)."),
    N_("An order may be offered %(energy)s at most (intents.offer_energy_to)."),
    N_("No tokens are sent from here (intents.send)."),
    N_("One transfer may be of %(tokens)s at most (intents.send)."),
    N_("Only %(tokens)s are left of what may be sent in 24 hours (intents.send_per_day)."),
    N_("The limit may be set to %(limit)s at least (intents.limit_from)."),
    N_("Going home may be set to %(resume)s at most (intents.resume_to)."),
    N_("The price may be set to %(price)s at most (intents.max_price_to)."),
    N_("The budget may be set to %(tokens)s at most (intents.daily_budget_to)."),
    N_("A recipient is a household's name, or an account: 0x and 40 hexadecimal digits."),
    N_("This account is misspelt: its capital letters do not fit its digits."),
)
"""What the trader says to what was asked of it."""

FIRST_RUN = (
    N_(
        "The household's trader, which owns the key, does not answer. Is it running (commonwatt "
        "client-interaction run), with account.first_run in its configuration?"
    ),
    N_(
        "The backup of this key was proved: it is handed out no more. At the box there is commonwatt key "
        "backup."
    ),
    N_("There is no key yet."),
    N_("Download the file first: the code alone brings no key back."),
    N_("The code that was shown counts no more: have a new one shown."),
)
"""What the owner of the key says."""

CHAIN = (
    N_("no chain node answers at %(url)s (%(error)s): is `commonwatt chain run` running?"),
    N_("the relay at %(address)s cannot be reached: %(error)s"),
    N_("the relay at %(address)s does not answer: %(error)s"),
    N_("This household knows no contracts yet (chain.manifest)."),
    N_("everything home: %(why)s"),
)
"""Of the chain's client and the relay's."""

DEVICES = (
    N_("Wired the other way round"),
    N_("The most that it can see"),
    N_("a power, such as 40 W"),
    N_("I²C bus"),
    N_("a bus from 0 to 20"),
    N_("an address such as 0x40"),
    N_("Serial port"),
    N_("a serial port, such as /dev/ttyUSB0"),
    N_("Its shunt, in ohms"),
    N_("a resistance in ohms, such as 0.1"),
    N_("Input with the voltage"),
    N_("The divider's ratio"),
    N_("a ratio, such as 5.7"),
    N_("Input with the current sensor"),
    N_("What that gives for each ampere, in mV"),
    N_("millivolts, such as 66"),
    N_("What it gives at no current, in mV"),
    N_("millivolts, such as 1650"),
    N_("Its lines"),
    N_("Speed, where it was changed"),
    N_("Parity, where it was changed"),
    N_("The meter's address on the line"),
    N_("a number from 1 to 247"),
    N_("Kind of meter"),
    N_("one of %(known)s"),
    N_("%(what)s is missing: write %(why)s"),
    N_("%(what)s: write %(why)s"),
    N_("a page adds one of %(known)s; others are written in the files, at the box"),
    N_("the option %(name)s is written in the files, at the box"),
    N_("no chip that a driver here knows"),
    N_("%(chip)s, a fuel gauge"),
    N_("ADS1115, an analogue-to-digital converter"),
    N_("INA219, a current sensor"),
    N_("a serial port"),
    N_("%(port)s; left alone"),
    N_("left alone"),
    N_("has a driver in the kernel; left alone"),
    N_("a current meter (%(port)s)"),
    N_("%(port)s; it says something else"),
    N_("%(port)s; it is silent: a meter on RS-485, perhaps"),
    N_("It took too long and was ended: is something wrong with the bus? The logger goes on."),
    N_("It broke off, which is a fault of this program; why is in the log of the logger."),
    N_(
        "There is no I²C bus here. On a Raspberry Pi switch it on, at the box: sudo raspi-config nonint "
        "do_i2c 0. Then look again."
    ),
    N_("I²C bus %(number)s"),
    N_("opening it"),
    N_("It is in use by %(name)s, so it was left alone."),
)
"""Of what is looked for and tried at the buses and ports."""

NOTIFICATIONS = (
    N_(
        "The notifier does not answer, so nobody is told when something is wrong. Start it at the box: "
        "commonwatt notify run; it needs no address to begin with."
    ),
    N_("Nobody here has this address any more: look again."),
    N_("Write a name of letters and digits, such as Ada's phone: 40 characters at most."),
    N_("%(number)s people are told already: remove somebody first."),
    N_("Somebody is told at this address already."),
    N_("Those were many tests: wait for a minute."),
    N_("This is no address of that service: https://github.com/caronc/apprise/wiki has examples."),
    N_("This is no address: write one such as %(example)s."),
    N_("Write one address without spaces, such as %(example)s: %(number)s characters at most."),
    N_("Write one of these services: %(known)s. Others are written into the file, at the box."),
    N_("These options are written into the file, at the box: %(known)s."),
    N_("The host is missing: write it behind the service, as in %(example)s."),
    N_("Write the host by its name, or as four numbers with points."),
    N_("Nobody is told at this host itself, nor at an address that is no host's."),
    N_("It cannot be kept: the state folder cannot be written (%(error)s)."),
)
"""What the notifier says to what is asked of it."""

FAULTS = (
    N_("stuck-open: the contact stays open against its coil"),
    N_("welded: the contact stays closed against its coil"),
    N_("bouncing: the contact opens and closes again and again under a steady coil"),
    N_("hung: its pin driver does not return from a call: nobody knows how the contact stands"),
    N_("%(what)s: home is kept open"),
    N_("slow: the contact took %(seconds)s s to follow its coil"),
    N_("home-closed: home closed while a tie was closed"),
    N_("overload: %(power)s through a contact rated %(rating)s"),
    N_("meter: its meter fell back by %(energy)s"),
)
"""Why the relay has taken a contact out of service."""

SYSTEM = (
    N_("Connection refused"),
    N_("Connection reset by peer"),
    N_("Connection timed out"),
    N_("timed out"),
    N_("No route to host"),
    N_("Network is unreachable"),
    N_("Name or service not known"),
    N_("Temporary failure in name resolution"),
    N_("No such file or directory"),
    N_("No such device"),
    N_("No such device or address"),
    N_("Permission denied"),
    N_("Device or resource busy"),
    N_("Input/output error"),
    N_("Remote I/O error"),
    N_("No space left on device"),
    N_("Read-only file system"),
)
"""What the system says (`strerror`) within others' sentences."""

SENTENCES = (
    *TRADING, *CLAUSES, *TIMELINE, *ANSWERS, *FIRST_RUN, *CHAIN, *DEVICES, *NOTIFICATIONS,
    *FAULTS, *SYSTEM,
)  # fmt: skip

PLACE = re.compile(r"%\\?\((\w+)\\?\)s")

CLAUSE = frozenset({"why", "reason", "what"})
"""Places that hold another of these."""


DAYS = frozenset({"day", "top_up"})

TYPED = frozenset({"given", "text", "like", "name", "near", "known"})
"""Places that hold what somebody wrote, or is to write: a point stays one there."""


def told(text: str) -> str:
    """The text in the language in force: what is said by its message, any other as far as it is known."""
    if not text or language.name() == ENGLISH:
        return text
    return _said(text) if isinstance(text, Said) else _told(text) or _pieces(text)


def _said(text: Said) -> str:
    return _(text.message, **{name: _filled(name, value) for name, value in text.values.items()})


def _filled(name: str, value: str) -> str:
    """What stands in a place: said, as it was typed, or as in others' sentences."""
    return _said(value) if isinstance(value, Said) else value if name in TYPED else _value(name, value)


def message(text: str) -> str | None:
    """The message that a text fits; None: none."""
    return next((known for known, _values in _fitting(text)), None)


def _told(text: str) -> str | None:
    for known, values in _fitting(text):
        whole = _(known, **{place: _value(place, value) for place, value in values.items()})
        return words.capital(whole) if text[0].isupper() else whole
    said = _told(text[:-1]) if len(text) > 1 and text.endswith(".") else None
    return f"{said}." if said else None


def _fitting(text: str) -> Iterator[tuple[str, dict[str, str]]]:
    for pattern, known in _patterns():
        ends = not text.endswith(".") or known.endswith(".")
        if ends and (found := pattern.fullmatch(text)):
            yield known, found.groupdict()


def _pieces(text: str) -> str:
    """Sentence by sentence: what is known of a text that is not known as a whole."""
    return " ".join(_told(piece) or piece for piece in re.split(r"(?<=[.!?]) ", text))


def _value(place: str, value: str) -> str:
    if place == "clauses":
        said = (_clause(each) for each in value.split("; "))
        return reduce(lambda first, second: _("%(first)s; %(second)s", first=first, second=second), said)
    if place == "error":
        return _uncapital(_told(value) or value)
    if place in CLAUSE:
        return _told(value) or value
    if place in DAYS:
        return _day(value)
    if place == "names":
        return words.listed(re.split(r", | and ", value))
    return quantity(value)


def _uncapital(text: str) -> str:
    """What the system says begins with a capital, and stands within a sentence here."""
    return text[:1].lower() + text[1:] if text[1:2].islower() else text


def _day(text: str) -> str:
    """ "28 November" of any year."""
    try:
        return language.written(datetime.strptime(f"{text} 2000", "%d %B %Y"), "%d %B")
    except ValueError:
        return text


def _clause(text: str) -> str:
    """ "Alder: nothing offered", or without a name."""
    if said := _told(text):
        return said
    name, colon, why = text.partition(": ")
    return _("%(name)s: %(why)s", name=name, why=_told(why) or why) if colon else text


def quantity(text: str) -> str:
    """An amount as our types show it, in the reader's own way; anything else as it is."""
    if found := re.fullmatch(r"(-?[\d.]+) tokens per kWh", text):
        return words.so_many_per_kwh(found[1])
    if found := re.fullmatch(r"(-?[\d.]+) tokens", text):
        return words.so_many_tokens(found[1])
    return language.number(text) if re.fullmatch(r"-?\d+(\.\d+)?", text) else language.amount(text)


@cache
def _patterns() -> tuple[tuple[re.Pattern[str], str], ...]:
    """The longest first, which says most."""
    ordered = sorted(SENTENCES, key=lambda known: -len(PLACE.sub("", known)))
    return tuple((re.compile(_pattern(known), re.S), known) for known in ordered)


def _pattern(known: str) -> str:
    escaped = PLACE.sub(lambda found: f"(?P<{found[1]}>.+?)", re.escape(known))
    first = escaped[0]
    return f"[{first.upper()}{first.lower()}]{escaped[1:]}" if first.isalpha() else escaped
