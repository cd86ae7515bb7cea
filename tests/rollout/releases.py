"""Further releases for upgrades: the built one under another name, whole or with a part exchanged."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from pathlib import Path

from ansible.lab.image import ROOT

BUILT = ROOT / "build" / "artefacts" / "current"
KIND = "amd64-python3.11"
"""Of the laboratory's hosts."""


def another(folder: Path, release: str, exchanged: dict[str, bytes] | None = None) -> Path:
    """A release like the built one.

    Args:
        exchanged: files of the archive with other contents; their hashes are right.
    """
    target = folder / release
    target.mkdir()
    manifest = json.loads((BUILT / "manifest.json").read_text())
    manifest["release"] = release
    with tarfile.open(BUILT / f"{KIND}.tar") as old, tarfile.open(target / f"{KIND}.tar", "w") as new:
        for entry in old:
            file = old.extractfile(entry)
            content = (exchanged or {}).get(entry.name, file.read() if file else b"")
            entry.size = len(content)
            new.addfile(entry, io.BytesIO(content))
            listed = {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
            manifest["kinds"][KIND][entry.name] = listed
    (target / "manifest.json").write_text(json.dumps(manifest))
    return target
