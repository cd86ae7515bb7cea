"""Asking a device over HTTP: bounded in time and size, with errors that say what to do."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from chain.errors import KeyRefused
from chain.options import OptionRefused
from chain.private import read_private
from node.sensors import payload
from node.sensors.errors import OptionsRefused, SensorError, SensorRefused

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def checked(name: str, url: str) -> None:
    """Check an option that holds an address.

    Raises:
        OptionRefused: it is none.
    """
    if not url.startswith(("http://", "https://")) or len(url) < len("http://x"):
        raise OptionRefused(f"{name}: {url!r}: write it with http:// or https://")


def password(file: str) -> str:
    """The password in a file that nobody else can read.

    Raises:
        OptionsRefused: it is not there, or open to others.
    """
    try:
        return read_private(Path(file)).decode().strip()
    except (KeyRefused, UnicodeDecodeError) as error:
        raise OptionsRefused(f"password_file: {error}") from error


def paired(user: str | None, password_file: str | None) -> None:
    """Check the options `user` and `password_file`.

    Raises:
        OptionRefused: one of them stands alone.
    """
    if (user is None) is not (password_file is None):
        raise OptionRefused("user and password_file go together: add the other")


def login(user: str | None, password_file: str | None) -> tuple[str, str] | None:
    """User and password by the two options; None without them.

    Raises:
        OptionsRefused: the password's file cannot be used.
    """
    return None if user is None or password_file is None else (user, password(password_file))


class Device:
    """One device on the network; its connection is kept."""

    def __init__(self, name: str, timeout: int) -> None:
        """Prepare.

        Args:
            name: for messages.
            timeout: milliseconds for one answer.
        """
        import urllib3  # noqa: PLC0415 - only who has such a device pays for it

        self._name = name
        self._library = urllib3
        self._pool = urllib3.PoolManager(
            num_pools=1, retries=False, timeout=urllib3.Timeout(total=timeout / 1_000)
        )

    def ask(
        self,
        url: str,
        form: Mapping[str, str] | None = None,
        login: tuple[str, str] | None = None,
    ) -> Any:
        """GET a JSON document, or POST a form for one.

        Args:
            login: user and password, for HTTP's own authentication.

        Raises:
            SensorRefused: it wants another login.
            SensorError: no answer, or not with sense.
        """
        headers = {} if login is None else self._library.make_headers(basic_auth=":".join(login))
        try:
            answer = self._pool.urlopen(
                "GET" if form is None else "POST",
                url,
                body=None if form is None else urlencode(form),
                headers=headers | ({} if form is None else FORM),
                preload_content=False,
                redirect=False,
            )
            text = answer.read(payload.LARGEST + 1)
            answer.drain_conn() if len(text) <= payload.LARGEST else answer.close()
        except (self._library.exceptions.HTTPError, OSError) as error:
            raise SensorError(
                f"{self._name} does not answer at {url} ({_reason(error)}): is it powered and on the network?"
            ) from error
        if answer.status in (401, 403):
            raise SensorRefused(
                f"{self._name} refuses the login (HTTP {answer.status}): correct user or password"
            )
        if answer.status != 200:
            raise SensorError(f"{self._name} answers HTTP {answer.status} at {url}: is the address right?")
        if len(text) > payload.LARGEST:
            raise SensorError(f"{self._name} sends more than {payload.LARGEST >> 10} kB at {url}")
        try:
            return payload.read(text)
        except SensorError as error:
            raise SensorError(f"{self._name} {error}") from error

    def close(self) -> None:
        """Hang up."""
        self._pool.clear()


def _reason(error: Exception) -> str:
    """The end of urllib3's nested sentences."""
    return str(getattr(error, "reason", None) or error).rpartition(": ")[2]
