"""Static files in gzip, each packed once: a phone at the edge of the Wi-Fi waits for them.

Only what is the same for everybody. Pages are not packed: how small a page becomes could tell what of it
somebody else chose (BREACH, https://www.breachattack.com).
"""

from __future__ import annotations

import gzip
from functools import lru_cache
from pathlib import Path

from flask import Flask, Response, request

PACKED = frozenset({".css", ".js", ".svg"})


def compress(app: Flask) -> None:
    """Have static files packed for whoever takes that."""

    @app.after_request
    def pack(response: Response) -> Response:
        name = (request.view_args or {}).get("filename", "")
        if request.endpoint != "static" or Path(name).suffix not in PACKED:
            return response
        response.vary.add("Accept-Encoding")
        if response.status_code != 200 or not request.accept_encodings["gzip"]:
            return response
        file = Path(app.static_folder or "") / name
        response.direct_passthrough = False
        response.set_data(_packed(file, file.stat().st_mtime_ns))
        response.content_encoding = "gzip"
        return response


@lru_cache(maxsize=32)
def _packed(file: Path, _changed: int) -> bytes:
    return gzip.compress(file.read_bytes(), mtime=0)
