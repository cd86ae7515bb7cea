"""`commonwatt key`: make a key file with its password, back it up, restore it, show its account."""

from __future__ import annotations

import hashlib
import secrets
from pathlib import Path

import click

from chain import keys
from chain.errors import KeyRefused
from node.cli.listing import Listing
from node.cli.options import answer, chosen, config_option, file_path, json_option
from node.config import load as load_settings
from node.first_run.keyholder import note_proved, proof_of
from node.wallet import backup as backups

file_argument = click.argument("keystore", type=file_path)
password_option = click.option(
    "--password-file",
    type=file_path,
    help="Where its password is. [default: the keystore's name with .password]",
)


@click.group(cls=Listing)
def key() -> None:
    """Make a key, back it up, restore it, show its account."""


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


@key.command()
@click.argument("file", type=file_path)
@config_option
@json_option
def backup(file: Path, files: tuple[Path, ...], as_json: bool) -> None:
    """Back the household's key up: FILE, which may lie anywhere, and a code on paper, which opens it.

    The key is read as the configuration says; neither the chain nor any process is needed. Each backup has a
    code of its own, shown once.
    """
    named = chosen(files)
    settings = load_settings(named)
    account = keys.load(settings.account.keystore, settings.account.password_file)
    context = backups.context(
        settings.household.name,
        account.address,
        settings.chain.manifest,
        hashlib.sha256(b"".join(each.read_bytes() for each in named)).hexdigest(),
    )
    code = backups.new_code()
    keys.write_private(file, backups.encode(account, context, code))
    _, keystore = backups.decode(file.read_bytes(), file)
    backups.open_backup(keystore, context, code)
    facts = {"file": str(file), "code": code, "address": account.address, "household": context.household}
    answer(as_json, facts, _BACKED_UP.format(**facts))


@key.command()
@click.argument("file", type=file_path)
@click.argument("keystore", type=file_path)
@password_option
@click.option("--code-file", type=file_path, help="A file with the recovery code. [default: it is asked for]")
@json_option
def restore(
    file: Path, keystore: Path, password_file: Path | None, code_file: Path | None, as_json: bool
) -> None:
    """Make the KEYSTORE of a new host from the backup FILE and its recovery code.

    Nothing else of the old host is needed: the trader reads its orders from the chain before it signs
    anything. An existing file is never overwritten.
    """
    try:
        content = file.read_bytes()
    except OSError as error:
        raise KeyRefused(f"{file} cannot be read: {error.strerror}") from None
    context, sealed = backups.decode(content, file)
    place = password_file or keystore.with_suffix(".password")
    for target in (keystore, place, proof_of(keystore)):
        if target.exists():
            raise KeyRefused(f"{target} exists already: a key is never overwritten")
    code = keys.read_private(code_file).decode(errors="replace") if code_file else _asked()
    account = backups.open_backup(sealed, context, code)
    password = secrets.token_urlsafe(24)
    keys.write_private(place, f"{password}\n".encode())
    keys.keep(keystore, account, password)
    note_proved(keystore, context)
    facts = {
        "address": account.address,
        "household": context.household,
        "chain_id": context.chain_id,
        "genesis_hash": context.genesis_hash,
        "made": context.made,
        "keystore": str(keystore),
        "password_file": str(place),
    }
    answer(as_json, facts, _RESTORED.format(**facts))


def _asked() -> str:
    return str(click.prompt("Recovery code", err=True))


_BACKED_UP = """\
The key of {household} ({address}) is backed up, and the code opens it: tried.

  file           {file}
  recovery code  {code}

Write the code on paper, with the household's name, and put it where your papers are: it is not shown again.
Copy the file to two places that do not burn together: a stick, a neighbour, your mail. It is of no use
without the code."""

_RESTORED = """\
{address}
key: {keystore}
password: {password_file}
It is the key of {household} on chain {chain_id} (genesis {genesis_hash}), backed up {made}.
Name both files in the configuration (account) and start: before it signs anything, the trader reads from the
chain what it had bought and sold."""
