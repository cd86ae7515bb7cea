"""A copy of the chain in files of some thousand blocks each, which a node that has lost its own begins from.

The files are what geth itself exports and imports: blocks by RLP, one after the other, compressed. A backup
is made while the node runs, ends at the last block that no reorganisation undoes, and goes on where it was
left: a segment that is there already is not written again. The chain holds no secret; keys are backed up
elsewhere.

Whoever restores does not trust the copy: geth checks every block as if a peer had sent it.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import shutil
import zlib
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Protocol, Self

from chain import genesis, rlp
from chain.blocks import Header
from chain.errors import BackupRefused, UnknownBlock
from chain.files import replace_file
from chain.keys import keccak
from chain.plan import NodePlan

SEGMENT = 10_000
"""Blocks in a file: 14 hours of a chain with a block every five seconds."""

LIST, KIND, VERSION = "chain-backup.json", "commonwatt chain backup", 1

Progress = Callable[[int, int], None]


class Source(Protocol):
    """A running node, as `chain.clique.Clique` is one."""

    def headers(self, first: int, last: int) -> list[Header]:
        """Consecutive headers, both ends included."""
        ...

    def export(self, first: int, last: int, file: Path) -> None:
        """Have the node write blocks into a new file."""
        ...


class Target(Protocol):
    """A node that does not run, as `chain.clique.Clique` is one."""

    def init(self) -> None:
        """Make the data directory from the genesis file."""
        ...

    def take(self, file: Path) -> None:
        """Take a file's blocks."""
        ...


@dataclass(frozen=True, kw_only=True)
class Segment:
    """One file."""

    first: int
    last: int
    parent: str
    """Hash of the block before the first one."""
    hash: str
    """Of the last block."""
    sha256: str
    """Of the file."""

    @property
    def file(self) -> str:
        """Its name."""
        return f"blocks-{self.first:09}-{self.last:09}.rlp.gz"


@dataclass(frozen=True, kw_only=True)
class Backup:
    """What a folder holds."""

    chain_id: int
    genesis: str
    """Hash of the chain's first block."""
    segments: tuple[Segment, ...] = ()

    @property
    def last(self) -> int:
        """Its last block; 0 when there is none."""
        return self.segments[-1].last if self.segments else 0

    def save(self, folder: Path) -> None:
        """Write the list of the segments."""
        content = {"kind": KIND, "version": VERSION, **asdict(self)}
        replace_file(folder / LIST, json.dumps(content, indent=1).encode() + b"\n", mode=0o644)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read it.

        Raises:
            BackupRefused: it cannot be read, or is none.
        """
        try:
            given = json.loads((folder / LIST).read_bytes())
            given |= {"segments": tuple(Segment(**each) for each in given["segments"])}
            found = cls(**{name: given[name] for name in ("chain_id", "genesis", "segments")})
            known = (given["kind"], given["version"]) == (KIND, VERSION)
        except OSError as error:
            raise BackupRefused(f"{folder / LIST} cannot be read: {error.strerror}") from None
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            known = False
        if not known:
            raise BackupRefused(f"{folder / LIST} is no list of a chain's backup, or of another version")
        return found


def make(plan: NodePlan, node: Source, last: int, folder: Path, progress: Progress) -> Backup:
    """Bring a folder up to a block.

    Args:
        last: the block, which no reorganisation undoes any more (chain.confirmations.settled).
        progress: told how many of how many blocks are in the folder.

    Raises:
        BackupRefused: the folder holds another chain's, or cannot be written.
        ChainError: the node does not answer, or cannot write into its own folder.
    """
    [first_block] = node.headers(0, 0)
    empty = Backup(chain_id=genesis.load(plan.genesis).chain_id, genesis=first_block.hash)
    folder.mkdir(parents=True, exist_ok=True)
    found = Backup.load(folder) if (folder / LIST).exists() else empty
    if replace(found, segments=()) != empty:
        raise BackupRefused(
            f"{folder} holds a backup of another chain, {found.chain_id}: name another folder"
        )
    kept = _kept(found, node, folder)
    for first in range(len(kept) * SEGMENT + 1, last + 1, SEGMENT):
        progress(first - 1, last)
        kept += (_exported(plan, node, first, min(first + SEGMENT - 1, last), folder),)
        replace(found, segments=kept).save(folder)
    progress(last, last)
    wanted = {each.file for each in kept}
    for stale in folder.glob("blocks-*.rlp.gz"):
        if stale.name not in wanted:
            stale.unlink()
    return replace(found, segments=kept)


def check(folder: Path, progress: Progress) -> Backup:
    """Read a whole backup: every file is the one that was written, every block follows the one before.

    Raises:
        BackupRefused: what is wrong, and in which file.
    """
    found = Backup.load(folder)
    number, parent = 0, found.genesis
    for each in found.segments:
        progress(number, found.last)
        place = folder / each.file
        content = _content(place, each.sha256)
        if (each.first, each.parent) != (number + 1, parent):
            raise BackupRefused(f"{place} does not follow the file before: make the backup anew")
        number, parent = _followed(place, content, number, parent)
        if (number, parent) != (each.last, each.hash):
            raise BackupRefused(f"{place} ends with another block than its list says: make the backup anew")
    progress(number, found.last)
    return found


def restore(plan: NodePlan, node: Target, folder: Path, progress: Progress) -> Backup:
    """Make a node's data directory from a backup; done again after it was ended, it goes on.

    The node must not run. Peers give it what came after the backup.

    Raises:
        BackupRefused: the backup is of another chain, or a file is missing or damaged.
        SettingRefused: the data directory holds another chain.
        NodeUnavailable: the node runs, or does not take a block.
    """
    found = Backup.load(folder)
    ours = genesis.load(plan.genesis).chain_id
    if found.chain_id != ours:
        raise BackupRefused(f"{folder} holds chain {found.chain_id}, and {plan.genesis} is of chain {ours}")
    node.init()
    for each in found.segments:
        progress(each.first - 1, found.last)
        _content(folder / each.file, each.sha256)
        node.take(folder / each.file)
    progress(found.last, found.last)
    return found


def _kept(found: Backup, node: Source, folder: Path) -> tuple[Segment, ...]:
    """The full segments that are there, whole, and of the node's chain still."""
    kept: list[Segment] = []
    for each in found.segments:
        full = (each.first, each.last) == (len(kept) * SEGMENT + 1, (len(kept) + 1) * SEGMENT)
        try:
            if not full or node.headers(each.last, each.last)[0].hash != each.hash:
                break
            _content(folder / each.file, each.sha256)
        except (UnknownBlock, BackupRefused):
            break
        kept.append(each)
    return tuple(kept)


def _exported(plan: NodePlan, node: Source, first: int, last: int, folder: Path) -> Segment:
    """The node writes into its own folder, the only one that it may write; the copy is made here."""
    draft = plan.data / "export.rlp.gz"
    draft.unlink(missing_ok=True)
    before, *_ = node.headers(first - 1, first - 1)
    [end] = node.headers(last, last)
    try:
        node.export(first, last, draft)
        segment = Segment(first=first, last=last, parent=before.hash, hash=end.hash, sha256=_sha256(draft))
        place = folder / segment.file
        arriving = place.with_suffix(".part")
        shutil.copyfile(draft, arriving)
        with arriving.open("rb+") as file:
            os.fsync(file.fileno())
        arriving.replace(place)
    except OSError as error:
        raise BackupRefused(f"{folder} cannot be written: {error.strerror}") from None
    finally:
        draft.unlink(missing_ok=True)
    return segment


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _content(path: Path, sha256: str) -> bytes:
    """A file's bytes, once they are those that were written."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise BackupRefused(f"{path} cannot be read: {error.strerror}: make the backup anew") from None
    if hashlib.sha256(content).hexdigest() != sha256:
        raise BackupRefused(f"{path} is damaged: make the backup anew, it keeps what is whole")
    return content


def _followed(place: Path, content: bytes, number: int, parent: str) -> tuple[int, str]:
    """Go through a file's blocks: a block's hash is its header's, which holds its parent's."""
    try:
        blocks = gzip.decompress(content)
        position = 0
        while position < len(blocks):
            begin, end = rlp.extent(blocks, position)
            position = end
            _, header_end = rlp.extent(blocks, begin)
            header = blocks[begin:header_end]
            fields = rlp.decode(header)
            if fields[0] != bytes.fromhex(parent[2:]) or rlp.number(fields[8]) != number + 1:  # type: ignore[arg-type]
                raise BackupRefused(f"{place}: block {number + 1} does not follow the one before")
            number, parent = number + 1, "0x" + keccak(header).hex()
    except (OSError, EOFError, zlib.error, ValueError, IndexError) as error:
        raise BackupRefused(f"{place} cannot be read: {error}") from None
    return number, parent
