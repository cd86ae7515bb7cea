"""Who may do what: the one place where that is decided, before a view is reached.

A viewer looks. A member asks the household for things, too: to buy, to sell, to send tokens, within the
bounds of the configuration. An operator changes the settings, and sees what concerns other people as well:
the record of changes, the neighbours' health. Nobody's role is changed from the pages: that is done at the
box (`commonwatt user`).
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from node.dapp.language import N_


class Role(StrEnum):
    """What somebody is to this household's pages; each may do what those before it may."""

    VIEWER = "viewer"
    MEMBER = "member"
    OPERATOR = "operator"


RANK = {role: rank for rank, role in enumerate(Role)}

OPEN = frozenset(
    {
        "static",
        "login.form",
        "login.enter",
        "language.choose",
        "first.claim",
        "first.enter",
        "install.manifest",
        "install.offline",
        "install.worker",
    }
)
"""Endpoints that are answered without a session."""

NEEDS: Mapping[str, Role] = {
    "now.show": Role.VIEWER,
    "live.stream": Role.VIEWER,
    "charts.charts": Role.VIEWER,
    "energy.show": Role.VIEWER,
    "energy.export": Role.VIEWER,
    "energy.export_battery": Role.VIEWER,
    "energy.data": Role.VIEWER,
    "energy.battery": Role.VIEWER,
    "neighbourhood.show": Role.VIEWER,
    "devices.show": Role.VIEWER,
    "devices.one": Role.VIEWER,
    "devices.find": Role.VIEWER,
    "devices.look": Role.MEMBER,
    "devices.attempt": Role.OPERATOR,
    "devices.add": Role.OPERATOR,
    "devices.calibrate": Role.OPERATOR,
    "devices.save": Role.OPERATOR,
    "contacts.show": Role.VIEWER,
    "contacts.lock": Role.OPERATOR,
    "contacts.home": Role.OPERATOR,
    "trades.listed": Role.VIEWER,
    "trades.one": Role.VIEWER,
    "explorer.home": Role.VIEWER,
    "explorer.blocks": Role.VIEWER,
    "explorer.events": Role.VIEWER,
    "explorer.block": Role.VIEWER,
    "explorer.transaction": Role.VIEWER,
    "explorer.address": Role.VIEWER,
    "explorer.transactions": Role.VIEWER,
    "explorer.signers": Role.VIEWER,
    "explorer.qr": Role.VIEWER,
    "explorer.search": Role.VIEWER,
    "wallet.show": Role.VIEWER,
    "wallet.month": Role.VIEWER,
    "wallet.month_table": Role.VIEWER,
    "settings.show": Role.VIEWER,
    "settings.change": Role.OPERATOR,
    "settings.text": Role.OPERATOR,
    "settings.write": Role.OPERATOR,
    "settings.undo": Role.OPERATOR,
    "settings.notifications": Role.OPERATOR,
    "settings.add_person": Role.OPERATOR,
    "settings.remove_person": Role.OPERATOR,
    "settings.try_person": Role.OPERATOR,
    "first.resume": Role.OPERATOR,
    "first.show": Role.OPERATOR,
    "first.make_key": Role.OPERATOR,
    "first.bring_back": Role.OPERATOR,
    "first.back_up": Role.OPERATOR,
    "first.backup_file": Role.OPERATOR,
    "first.prove": Role.OPERATOR,
    "first.request_file": Role.OPERATOR,
    "first.request_qr": Role.OPERATOR,
    "first.limits": Role.OPERATOR,
    "first.tick": Role.OPERATOR,
    "logs.show": Role.OPERATOR,
    "backup.show": Role.OPERATOR,
    "backup.begin": Role.OPERATOR,
    "backup.download": Role.OPERATOR,
    "login.leave": Role.VIEWER,
    "account.show": Role.VIEWER,
    "account.password": Role.VIEWER,
    "account.begin_second": Role.VIEWER,
    "account.second_qr": Role.VIEWER,
    "account.confirm_second": Role.VIEWER,
    "account.remove_second": Role.VIEWER,
    "account.audit": Role.OPERATOR,
    "control.show": Role.VIEWER,
    "control.ask": Role.MEMBER,
    "control.limit": Role.MEMBER,
    "control.offer": Role.MEMBER,
    "control.send": Role.MEMBER,
    "control.revoke": Role.MEMBER,
}
"""The least role for every endpoint; one that is not in here is for operators only."""

REFUSED: Mapping[Role, str] = {
    Role.VIEWER: N_("Log in first."),
    Role.MEMBER: N_("You may look here, and not ask for anything: that takes a member of the household."),
    Role.OPERATOR: N_("This is for operators: ask whoever set up this household (commonwatt user role)."),
}

HARMLESS = frozenset({"stop", "pause"})
"""What is asked for without a second factor: it only opens contacts and ends trading."""


GRAVE = frozenset(
    {
        "control.limit",
        "control.offer",
        "contacts.lock",
        "devices.save",
        "settings.change",
        "settings.write",
        "settings.undo",
        "settings.add_person",
        "settings.remove_person",
        "backup.download",
        "first.back_up",
        "first.limits",
    }
)
"""What takes it, whatever is sent."""


def allows(role: str, endpoint: str) -> bool:
    """Whether somebody of this role may use this endpoint."""
    return RANK[Role(role)] >= RANK[needed(endpoint)]


def needed(endpoint: str) -> Role:
    """The least role for an endpoint."""
    return NEEDS.get(endpoint, Role.OPERATOR)


def is_grave(endpoint: str, form: Mapping[str, str]) -> bool:
    """Whether a request spends money, closes a contact, or widens what may be spent.

    It takes the second factor of whoever has one. To stop, to go home and to revoke never does.
    """
    match endpoint:
        case "control.ask":
            return form.get("kind") not in HARMLESS
        case "control.send" | "devices.add":
            return "sure" in form
        case _:
            return endpoint in GRAVE
