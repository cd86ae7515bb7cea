"""A QR code read out of a picture file: a photo of a screen, as a phone makes it.

Needs `requirements/photo.txt` (Pillow and zxing-cpp, 8 MB), which only an operator's machine has. A picture
is strangers' bytes: three formats are decoded, in a bounded size, and what comes out is a text to be checked.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from contracts.joining import JoinRequest

MAGIC = (b"\x89PNG", b"\xff\xd8\xff", b"RIFF")
"""First bytes of the formats that are read."""

HEIC = b"ftyp"
"""From the fifth byte on: what some phones make, and few programs read."""

FORMATS = ("PNG", "JPEG", "WEBP")

LARGEST = 40 << 20
"""Bytes of a file."""

SIDE = 3_000
"""Pixels to which a larger picture is made smaller: a code fills a good part of it."""

NO_LIBRARY = (
    "reading a picture needs two packages, which this host does not have: pip install --require-hashes -r "
    "requirements/photo.txt. Or have the request sent as a file"
)
NO_CODE = (
    "no QR code is found in it: take the picture again, straight, with the whole code and its white margin, "
    "and without a reflection"
)


def is_picture(path: Path) -> bool:
    """Whether a file is a picture; one that cannot be read is none."""
    try:
        with path.open("rb") as file:
            first = file.read(8)
    except OSError:
        return False
    return first.startswith(MAGIC) or first[4:] == HEIC


def request(path: Path) -> JoinRequest:
    """A request to join: the file, or a picture of its code.

    Raises:
        click.ClickException: see `code_in`. contracts.errors.ContractsError: it is none, or not signed.
    """
    from contracts import joining  # noqa: PLC0415 - only what each command needs

    return joining.loads(code_in(path), path) if is_picture(path) else joining.read(path)


def code_in(path: Path) -> bytes:
    """What the QR code in a picture says.

    Raises:
        click.ClickException: it is none that can be read, or has no code, or the packages are missing.
    """
    try:
        import zxingcpp  # noqa: PLC0415 - on an operator's machine only
        from PIL import Image  # noqa: PLC0415
    except ImportError:
        raise click.ClickException(f"{path}: {NO_LIBRARY}") from None
    if path.stat().st_size > LARGEST:
        raise click.ClickException(f"{path}: it is larger than {LARGEST >> 20} MB: make it smaller")
    try:
        with Image.open(path, formats=FORMATS) as picture:
            picture.draft("L", (SIDE, SIDE))
            grey = picture.convert("L")
    except (OSError, ValueError, Image.DecompressionBombError) as error:
        raise click.ClickException(
            f"{path}: not a picture that is read here; save it as JPEG ({error})"
        ) from None
    grey.thumbnail((SIDE, SIDE))
    found = zxingcpp.read_barcode(
        grey,
        formats=zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode),
        text_mode=zxingcpp.TextMode.Plain,
    )
    if found is None:
        raise click.ClickException(f"{path}: {NO_CODE}")
    return str(found.text).encode()
