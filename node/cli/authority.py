"""What the commands of the neighbourhood's operator share: which chain, which contracts, which key."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from node.cli.options import chosen, config_option, file_path
from node.config import load

if TYPE_CHECKING:
    from contracts.authority import Authority

R = TypeVar("R")

ETHER = 10**18

NODE = "http://127.0.0.1:8545"

rpc_option = click.option(
    "--rpc", default=NODE, show_default=True, envvar="COMMONWATT_RPC", help="A node of the chain."
)
manifest_option = click.option(
    "--manifest",
    type=file_path,
    required=True,
    envvar="COMMONWATT_MANIFEST",
    metavar="FILE",
    help="The neighbourhood's manifest.",
)
keystore_option = click.option(
    "--keystore",
    type=file_path,
    required=True,
    envvar="COMMONWATT_KEYSTORE",
    metavar="FILE",
    help="The key to sign with.",
)
password_option = click.option(
    "--password-file",
    type=file_path,
    required=True,
    envvar="COMMONWATT_PASSWORD_FILE",
    metavar="FILE",
    help="Its password.",
)


def with_key(command: Callable[..., R]) -> Callable[..., R]:
    """The options `rpc`, `keystore` and `password_file`."""
    for option in (password_option, keystore_option, rpc_option):
        command = option(command)
    return command


def with_contracts(command: Callable[..., R]) -> Callable[..., R]:
    """The options `rpc` and `manifest`, or a household's configuration (`files`) that names both."""
    manifest = click.option(
        "--manifest",
        type=file_path,
        envvar="COMMONWATT_MANIFEST",
        metavar="FILE",
        help="The neighbourhood's manifest; instead of a household's configuration.",
    )
    rpc = click.option(
        "--rpc", envvar="COMMONWATT_RPC", help=f"A node of the chain, with --manifest. [default: {NODE}]"
    )
    for option in (manifest, rpc, config_option):
        command = option(command)
    return command


def place(rpc: str | None, manifest: Path | None, files: tuple[Path, ...]) -> tuple[str, Path]:
    """The chain node's address and the manifest's file: as named, else as a household's configuration says.

    Raises:
        node.config.ConfigError: the configuration cannot be used.
    """
    if manifest is not None:
        return rpc or NODE, manifest
    chain = load(chosen(files)).chain
    return rpc or chain.rpc, chain.manifest


def authority(
    rpc: str, keystore: Path, password_file: Path, progress: Callable[[int, int], None]
) -> Authority:
    """Whoever holds a key, at a node.

    Raises:
        chain.errors.KeyRefused: the key cannot be used.
    """
    from chain import keys  # noqa: PLC0415 - only what each command needs
    from chain.client import ChainClient  # noqa: PLC0415
    from contracts.authority import Authority  # noqa: PLC0415

    return Authority(keys.load(keystore, password_file), ChainClient(rpc), progress=progress)


def wei(ether: str, option: str) -> int:
    """An amount of ether, as it is written in an option.

    Raises:
        click.BadParameter: it is none.
    """
    try:
        found = Decimal(ether) * ETHER
    except InvalidOperation:
        found = Decimal(-1)
    if not found.is_finite() or found < 0 or found != found.to_integral_value():
        raise click.BadParameter(f"{ether} is no amount of ether", param_hint=option)
    return int(found)
