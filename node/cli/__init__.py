"""The command line `commonwatt`: thin commands over the rooms, each loaded only when it is called.

Exit codes (sysexits.h where it has one):

0   done, nothing found
1   done, and something was found wrong: a failed check, a refusal
64  the command line is wrong
69  something that is needed is not there: a file, a program, a port, a node that does not answer
78  the configuration, or a file that it names, is wrong
130 interrupted
"""

from __future__ import annotations

import sys

import click

from node import errors
from node.cli.lazy import LazyGroup

FOUND = 1
USAGE = 64
CONFIGURATION = 78
INTERRUPTED = 130

COMMANDS = {
    "ask": ("node.cli.ask:ask", "Ask the household's trader for something, as the pages do."),
    "chain": (
        "node.cli.chain:chain",
        "The chain node: run it, seal, look at it; who is in the neighbourhood.",
    ),
    "client-interaction": ("node.cli.daemons:client_interaction", "Buy and sell energy by itself."),
    "config": ("node.cli.config:config", "Check and show the configuration."),
    "contracts": (
        "node.cli.contracts:contracts",
        "Deploy the contracts, verify them, replace the market.",
    ),
    "dapp": ("node.cli.dapp:dapp", "Serve the household's pages."),
    "doctor": ("node.cli.doctor:doctor", "Look at everything, and say what to do about what fails."),
    "key": ("node.cli.key:key", "Make a key, back it up, restore it, show its account."),
    "logger": ("node.cli.daemons:logger", "Read the sensors and keep what they say."),
    "mqtt": ("node.cli.mqtt:mqtt", "Tell an MQTT broker, and Home Assistant, what the household does."),
    "notify": ("node.cli.notify:notify", "Tell people what is wrong: by e-mail, ntfy, Telegram and others."),
    "readings": ("node.cli.readings:readings", "Check, report and prove what the meters measured."),
    "reconcile": ("node.cli.reconcile:reconcile", "Compare chain, vouchers and both meters, trade by trade."),
    "relay": ("node.cli.relay:relay", "The relay server and its contacts."),
    "sensor": ("node.cli.sensor:sensor", "Find sensors, look at what they measure, calibrate them."),
    "statement": ("node.cli.statement:statement", "A household's month: energy, tokens, balances."),
    "store": ("node.cli.store:store", "Back the databases up, restore, check and move them."),
    "token": ("node.cli.token:token", "App tokens: what programs show to read the household's data."),
    "tokens": ("node.cli.tokens:tokens", "Issue tokens for money, pay money out for tokens."),
    "user": ("node.cli.user:user", "Who may open the household's pages, and as what."),
}
"""Every command of ours: where it is, and its line of help, shown without loading it."""


@click.group(
    cls=LazyGroup,
    commands_at=COMMANDS,
    plugins="commonwatt.commands",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(package_name="commonwatt", message="%(prog)s %(version)s")
def commonwatt() -> None:
    """A node of an energy neighbourhood: meters, relays, trades, and the chain that settles them."""


def main() -> None:
    """Run one command; answer what was to be expected with one line and an exit code."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run one command and return its exit code."""
    try:
        return commonwatt.main(arguments, prog_name="commonwatt", standalone_mode=False) or 0
    except click.exceptions.NoArgsIsHelpError as help_:
        print(help_.format_message())
        return 0
    except click.exceptions.Exit as exit_:
        return exit_.exit_code
    except (click.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except Exception as error:
        code = exit_code(error)
        if code is None:
            raise
        for line in _lines(error):
            print(line, file=sys.stderr)
        return code


def exit_code(error: Exception) -> int | None:
    """The exit code of an error that is to be expected; None for one that is a fault of this program."""
    if isinstance(error, click.ClickException):
        return USAGE
    return errors.exit_code(error)


def _lines(error: Exception) -> list[str]:
    match error:
        case click.UsageError(ctx=click.Context(command_path=command)):
            return [f"{command}: {error.format_message()} (try: {command} --help)"]
        case click.ClickException():
            return [f"commonwatt: {error.format_message()}"]
        case _:
            return [f"commonwatt: {line}" for line in str(error).splitlines()]
