"""QR codes as pictures of a route: dark on white in light and dark pages, or cameras would not read them."""

from __future__ import annotations

import io

from flask import Response


def svg(text: str) -> bytes:
    """The picture, without size of its own: the page's style says how large it is."""
    import segno  # noqa: PLC0415 - few pages need it

    drawn = io.BytesIO()
    code = segno.make(text, error="m", micro=False)
    code.save(drawn, kind="svg", dark="#000", light="#fff", border=4, omitsize=True, xmldecl=False, nl=False)
    return drawn.getvalue()


def picture(text: str) -> Response:
    """The answer of a route."""
    return Response(svg(text), mimetype="image/svg+xml")
