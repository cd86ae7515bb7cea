"""`commonwatt statement`: a household's month, from the chain, for whoever wants to check it."""

from __future__ import annotations

from pathlib import Path

import click

from node.cli.authority import place, with_contracts
from node.cli.options import answer, chosen, file_path, json_option
from node.cli.progress import followed
from node.config import load


@click.command()
@click.option("--month", "text", required=True, metavar="MONTH", help="As 2026-11.")
@click.option("--household", metavar="NAME", help="Name or account. [default: the configuration's]")
@click.option("--html", type=file_path, metavar="FILE", help="Write a page, for paper or for a phone.")
@click.option("--csv", "csv_file", type=file_path, metavar="FILE", help="Write a table; - to the terminal.")
@click.option("--time-zone", metavar="ZONE", help="As Europe/Paris. [default: this host's]")
@with_contracts
@json_option
def statement(
    *,
    text: str,
    household: str | None,
    html: Path | None,
    csv_file: Path | None,
    time_zone: str | None,
    rpc: str | None,
    manifest: Path | None,
    files: tuple[Path, ...],
    as_json: bool,
) -> None:
    """Tell what a household bought, sold, paid, earned, paid in and out in a month, and its balances.

    Everything comes from the events of the chain and is compared with the balances that it states; exit
    code 1 when they contradict each other.
    """
    from chain.client import ChainClient  # noqa: PLC0415 - only what each command needs
    from chain.confirmations import settled  # noqa: PLC0415
    from chain.signers import SignerSet  # noqa: PLC0415
    from contracts import manifest as manifests  # noqa: PLC0415
    from node.statement import table  # noqa: PLC0415
    from node.statement.page import as_html  # noqa: PLC0415
    from node.statement.period import Month, zone  # noqa: PLC0415
    from node.statement.reading import read  # noqa: PLC0415

    month = Month.parse(text, zone(time_zone))
    address, file = place(rpc, manifest, files)
    wanted = household or load(chosen(files)).household.name
    client, found = ChainClient(address), manifests.load(file)
    found.verify(client)
    head = client.block_number()
    last = settled(head, len(SignerSet(client).at(head)))
    with followed("blocks read") as progress:
        paper = read(client, found, wanted, month, last=last, progress=progress)
    if html is not None:
        html.write_text(as_html(paper), encoding="utf-8")
    if csv_file is not None and str(csv_file) != "-":
        csv_file.write_text(table.as_csv(paper), encoding="utf-8")
    if str(csv_file) == "-":
        click.echo(table.as_csv(paper), nl=False)
    else:
        answer(as_json, table.as_facts(paper), "\n".join(table.as_text(paper)))
