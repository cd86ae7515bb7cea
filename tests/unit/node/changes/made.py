"""A household of two files, and requests about it."""

from __future__ import annotations

from pathlib import Path

from node.changes.judging import hash_of
from node.changes.request import Change, Request, request

EXAMPLE = Path(__file__).parents[4] / "config.example.yml"


def files(folder: Path, own: str = "# what the family wants\n", site: str = "") -> list[Path]:
    """The example as the rollout's file, and the family's over it; their state is in the folder, too."""
    text = EXAMPLE.read_text().replace("state: /var/lib/commonwatt ", f"state: {folder / 'state'} ")
    (folder / "site.yml").write_text(text + site)
    (folder / "household.yml").write_text(own)
    (folder / "state").mkdir(exist_ok=True)
    return [folder / "site.yml", folder / "household.yml"]


def change(own: Path, *changes: tuple[str, str | None], by: str = "home") -> Request:
    """Asked by somebody who looks at the file as it is."""
    made = tuple(
        Change(tuple(int(part) if part.isdigit() else part for part in key.split(".")), value)
        for key, value in changes
    )
    return request(by=by, base=hash_of(own.read_bytes()), changes=made)


def text(own: Path, says: str) -> Request:
    """The whole file anew."""
    return request(by="home", base=hash_of(own.read_bytes()), text=says)


def undo(own: Path, id: str) -> Request:
    """The last change is to be taken back."""
    return request(by="home", base=hash_of(own.read_bytes()), undo=id)
