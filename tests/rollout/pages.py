"""A household's pages as a browser has them: by HTTPS, with its cookie, form by form."""

from __future__ import annotations

import re
import ssl
from dataclasses import dataclass, field
from html.parser import HTMLParser
from http.cookiejar import CookieJar
from urllib.error import HTTPError
from urllib.parse import urlencode, urljoin
from urllib.request import HTTPCookieProcessor, HTTPSHandler, build_opener

from tests.rollout.street import Played, Street
from tests.waiting import PATIENCE


@dataclass
class Form:
    """What is in one."""

    action: str
    fields: dict[str, str] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)
    """Of what stands in it, each with the address that a button of its own goes to, if any."""


class Forms(HTMLParser):
    """All of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[Form] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin a form, or put a field into the one that has begun."""
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.found.append(Form(given.get("action", "")))
        elif self.found and tag in {"input", "button"}:
            if "name" in given:
                self.found[-1].fields[given["name"]] = given.get("value", "")
            if "id" in given:
                self.found[-1].ids[given["id"]] = given.get("formaction", "")


class Pages:
    """One browser at one household."""

    def __init__(self, street: Street, name: str) -> None:
        trust = ssl.create_default_context(cafile=str(street.files / "authority" / "ca.crt"))
        self._opener = build_opener(HTTPSHandler(context=trust), HTTPCookieProcessor(CookieJar()))
        self.address = f"https://{street.host(name).address}/"
        self.page = ""

    def go(self, path: str, form: dict[str, str] | None = None) -> str:
        """Open a page, or send a form; the page that follows, whatever its status."""
        self.address, self.page = self._asked(path, form)
        return self.page

    def fetch(self, path: str) -> str:
        """Download a file, and stay where one is."""
        return self._asked(path)[1]

    def _asked(self, path: str, form: dict[str, str] | None = None) -> tuple[str, str]:
        body = None if form is None else urlencode(form).encode()
        try:
            answer = self._opener.open(urljoin(self.address, path), body, timeout=PATIENCE)
        except HTTPError as error:
            answer = error
        with answer:
            return str(answer.url), answer.read().decode()

    def press(self, id: str, **fields: str) -> str:
        """Fill in the form in which something with this id stands, and send it."""
        found = [form for form in Forms(self.page).found if id in form.ids]
        assert found, f"{self.address} has no form with {id}: {self.page}"
        unknown = fields.keys() - found[0].fields.keys()
        assert not unknown, f"{self.address} has no fields {unknown}"
        return self.go(found[0].ids[id] or found[0].action, {**found[0].fields, **fields})


def logged_in(street: Street, name: str, first_run: Played) -> Pages:
    """Whoever has the password that was shown once."""
    shown = re.search(rf"{name}:\s+https://\S+\s+user\s+(\S+)\s+password\s+([^\s\"']+)", first_run.output)
    assert shown, first_run.output[-6_000:]
    pages = Pages(street, name)
    pages.go("/login")
    pages.press("password", name=shown[1], password=shown[2])
    return pages
