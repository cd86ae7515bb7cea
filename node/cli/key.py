"""`commonwatt key`: make a key file with its password, or show which account a key belongs to."""

from __future__ import annotations

import secrets
from pathlib import Path

import click

from chain import keys
from chain.errors import KeyRefused
from node.cli.listing import Listing
from node.cli.options import answer, file_path, json_option

file_argument = click.argument("keystore", type=file_path)
password_option = click.option(
    "--password-file",
    type=file_path,
    help="Where its password is. [default: the keystore's name with .password]",
)


@click.group(cls=Listing)
def key() -> None:
    """Make a key, or show its account."""


@key.command()
@file_argument
@password_option
@json_option
def new(keystore: Path, password_file: Path | None, as_json: bool) -> None:
    """Make a new account: an encrypted KEYSTORE and a file with a random password, both mode 0600.

    An existing file is never overwritten.
    """
    password = secrets.token_urlsafe(24)
    place = password_file or keystore.with_suffix(".password")
    if keystore.exists():
        raise KeyRefused(f"{keystore} exists already: a key is never overwritten")
    keys.write_private(place, f"{password}\n".encode())
    account = keys.create(keystore, password)
    facts = {"address": account.address, "keystore": str(keystore), "password_file": str(place)}
    answer(
        as_json, facts, f"{account.address}\nkey: {keystore}\npassword: {place}\nKeep a copy of both, apart."
    )


@key.command()
@file_argument
@password_option
@json_option
def address(keystore: Path, password_file: Path | None, as_json: bool) -> None:
    """Show the account of a KEYSTORE, after opening it with its password."""
    account = keys.load(keystore, password_file or keystore.with_suffix(".password"))
    answer(as_json, {"address": account.address, "keystore": str(keystore)}, account.address)


@key.command()
@click.argument("file", type=file_path)
@json_option
def node(file: Path, as_json: bool) -> None:
    """Make a chain node's own key in FILE: its identity towards its peers."""
    private = keys.create_node_key(file)
    public = keys.public_key(private).hex()
    answer(as_json, {"public_key": public, "file": str(file)}, f"enode://{public}@HOST:PORT\nkey: {file}")
