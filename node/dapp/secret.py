"""The key that signs the session cookies: made at the first start, in a file that nobody else can read."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

SIZE = 32


def session_key(path: Path) -> bytes:
    """Read the key, or make it.

    Raises:
        OSError: the folder cannot be written, or the file not be read.
    """
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        key = path.read_bytes()
        if len(key) >= SIZE:
            return key
        # Torn by a power cut while it was made: nobody has a session yet.
        path.unlink()
        return session_key(path)
    with os.fdopen(descriptor, "wb") as file:
        key = secrets.token_bytes(SIZE)
        file.write(key)
        file.flush()
        os.fsync(file.fileno())
    return key
