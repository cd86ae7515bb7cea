"""What the commands with a book share: which key, chain, contracts and book, and what they wait for."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from node.cli.authority import manifest_option, with_key
from node.cli.options import file_path, json_option

if TYPE_CHECKING:
    from node.treasury.till import Till

    T = TypeVar("T", bound=Till)

R = TypeVar("R")


def at_the_desk(command: Callable[..., R]) -> Callable[..., R]:
    """The options that name key, chain, manifest and book."""
    book = click.option(
        "--book",
        type=file_path,
        required=True,
        envvar="COMMONWATT_BOOK",
        metavar="FILE",
        help="The treasurer's book; begun where there is none.",
    )
    for option in (json_option, book, manifest_option, with_key):
        command = option(command)
    return command


@contextmanager
def sitting(
    kind: type[T], *, rpc: str, keystore: Path, password_file: Path, manifest: Path, book: Path
) -> Iterator[T]:
    """A desk, open until the block ends; what it waits for longer than a second is told.

    Raises:
        chain.errors.KeyRefused, contracts.errors.ContractsError: key or contracts cannot be used.
        store.errors.StoreError: the book cannot be used.
    """
    from chain import keys  # noqa: PLC0415 - only what each command needs
    from chain.client import ChainClient  # noqa: PLC0415
    from chain.daemon import configure_logs  # noqa: PLC0415
    from contracts.manifest import load  # noqa: PLC0415

    configure_logs("warning")  # to stderr: what is answered, in JSON above all, stays clean
    client, found = ChainClient(rpc), load(manifest)
    found.verify(client)
    account = keys.load(keystore, password_file)
    if not book.exists():
        click.echo(f"a new book is begun: {book}", err=True)
    said = ""
    began = time.monotonic()

    def tell(what: str) -> None:
        nonlocal said
        if what != said and time.monotonic() - began > 1:
            click.echo(f"waiting: {what}", err=True)
            said = what

    with kind(client, found, account, book, tell=tell) as desk:
        yield desk
