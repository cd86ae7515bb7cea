from __future__ import annotations

import gzip

from flask import Flask

from tests.unit.node.dapp.conftest import ORIGIN, Visitor


def test_a_static_file_is_packed_for_whoever_takes_it(app: Flask) -> None:
    client = app.test_client()
    plain = client.get("/static/style.css", base_url=ORIGIN)
    packed = client.get("/static/style.css", base_url=ORIGIN, headers={"Accept-Encoding": "gzip, br"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.data) == plain.data
    assert int(packed.headers["Content-Length"]) == len(packed.data) < len(plain.data) // 3
    for answer in (plain, packed):
        assert "Accept-Encoding" in answer.headers["Vary"]
    again = client.get(
        "/static/style.css",
        base_url=ORIGIN,
        headers={"Accept-Encoding": "gzip", "If-None-Match": packed.headers["ETag"]},
    )
    assert (again.status_code, again.data) == (304, b"")


def test_a_page_is_not_packed(member: Visitor) -> None:
    answer = member.client.get("/", base_url=ORIGIN, headers={"Accept-Encoding": "gzip"})
    assert "Content-Encoding" not in answer.headers
