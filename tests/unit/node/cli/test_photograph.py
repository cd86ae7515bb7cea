"""A join request's QR code, read from pictures as phones and screens make them."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import click
import pytest
import segno
from PIL import Image, ImageFilter

from chain import keys
from contracts import joining
from contracts.bindings import Household, Role
from contracts.joining import JoinRequest
from node.cli import photograph

ACCOUNT = keys.Account.of(bytes(31) + b"\x07")
NODE = f"enode://{'ab' * 64}@10.0.0.12:30303"
ASKED = JoinRequest(
    Household(ACCOUNT.address, "elm", Role.PROSUMER, NODE, "10.0.0.12:15555", admitted=False),
    8_151_403,
    "0x" + "5a" * 32,
)


@pytest.fixture
def request_file(tmp_path: Path) -> Path:
    file = tmp_path / "request.json"
    joining.write(file, ASKED, ACCOUNT)
    return file


@pytest.fixture
def code(request_file: Path) -> Image.Image:
    """As the pages draw it: `node.dapp.qr`."""
    drawn = io.BytesIO()
    short = json.dumps(json.loads(request_file.read_bytes()), separators=(",", ":"))
    segno.make(short, error="m", micro=False).save(drawn, kind="png", scale=8, border=4)
    return Image.open(drawn).convert("L")


def photographed(code: Image.Image, folder: Path, name: str) -> Path:
    """On a grey desk, from one side, a little out of focus, and as a phone keeps it."""
    side = code.width
    desk = Image.new("L", (side * 2, side * 2), 140)
    desk.paste(code.point(lambda grey: 60 + grey // 2), (side // 2, side // 2))
    seen = desk.rotate(7, Image.Resampling.BICUBIC, fillcolor=140).transform(
        desk.size,
        Image.Transform.QUAD,
        (0, 0, 30, side * 2, side * 2 - 60, side * 2 - 30, side * 2, 40),
        Image.Resampling.BICUBIC,
    )
    file = folder / name
    seen.filter(ImageFilter.GaussianBlur(1.5)).convert("RGB").save(file, quality=70)
    return file


@pytest.mark.parametrize("name", ["photo.jpg", "photo.png", "photo.webp"])
def test_a_photo_of_the_screen_says_what_the_file_says(
    code: Image.Image, tmp_path: Path, request_file: Path, name: str
) -> None:
    file = photographed(code, tmp_path, name)
    assert photograph.is_picture(file)
    assert joining.loads(photograph.code_in(file), file) == joining.read(request_file)


def test_a_request_is_no_picture(request_file: Path, tmp_path: Path) -> None:
    assert not photograph.is_picture(request_file)
    assert not photograph.is_picture(tmp_path / "nothing")


def test_a_picture_without_a_code_says_how_to_take_it(tmp_path: Path) -> None:
    Image.new("L", (800, 600), 200).save(tmp_path / "wall.jpg")
    with pytest.raises(click.ClickException, match="take the picture again"):
        photograph.code_in(tmp_path / "wall.jpg")


@pytest.mark.parametrize(
    "content", [b"\x89PNG\r\n\x1a\nnonsense", b"\xff\xd8\xff\xe0", b"\x00\x00\x00\x18ftypheic" + bytes(64)]
)
def test_what_cannot_be_decoded_is_said_with_what_to_do(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "photo"
    file.write_bytes(content)
    assert photograph.is_picture(file)
    with pytest.raises(click.ClickException, match="save it as JPEG"):
        photograph.code_in(file)


def test_a_picture_that_unfolds_without_end_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Image.new("L", (800, 600)).save(tmp_path / "bomb.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1_000)
    with pytest.raises(click.ClickException, match="save it as JPEG"):
        photograph.code_in(tmp_path / "bomb.png")


def test_without_the_packages_it_says_what_to_install(
    tmp_path: Path, code: Image.Image, monkeypatch: pytest.MonkeyPatch
) -> None:
    code.save(tmp_path / "code.png")
    monkeypatch.setitem(sys.modules, "zxingcpp", None)
    with pytest.raises(click.ClickException, match=r"requirements/photo\.txt"):
        photograph.code_in(tmp_path / "code.png")
