"""What many commands share: `--config`, `--json`, who asks, and how they answer."""

from __future__ import annotations

import functools
import getpass
import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import click

from node.config import load

R = TypeVar("R")

DEFAULT_FILES = (Path("/etc/commonwatt/site.yml"), Path("/etc/commonwatt/household.yml"))

file_path = click.Path(path_type=Path, readable=False)
"""A file's name. Whether it can be read is found by who reads it, and told with its line and exit code."""

config_option = click.option(
    "--config",
    "-c",
    "files",
    type=file_path,
    multiple=True,
    envvar="COMMONWATT_CONFIG",
    metavar="FILE",
    help="Configuration; may be given several times, later files override. [default: $COMMONWATT_CONFIG "
    "(several with ':'), else site.yml and household.yml in /etc/commonwatt]",
)

json_option = click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")


def with_settings(command: Callable[..., R]) -> Callable[..., R]:
    """Give a command the household's settings, and the option that names their files."""

    @config_option
    @functools.wraps(command)
    def loaded(files: tuple[Path, ...], **options: Any) -> R:
        return command(load(chosen(files)), **options)

    return loaded


def chosen(files: tuple[Path, ...]) -> tuple[Path, ...]:
    """The files that were named, else the usual ones that exist (the last, to be missed, when none does)."""
    return files or tuple(file for file in DEFAULT_FILES if there(file)) or DEFAULT_FILES[-1:]


def there(file: Path) -> bool:
    """Whether a file exists; one in a folder that is closed to us counts, and is refused when it is read."""
    try:
        return file.exists()
    except OSError:
        return True


def asker() -> str:
    """Who asks, as the household's records name a user of this host."""
    return f"{getpass.getuser()} (shell)"


def day(at: float) -> str:
    """The day of a moment (Unix seconds), by this host's clock."""
    return time.strftime("%Y-%m-%d", time.localtime(at))


def answer(as_json: bool, facts: Mapping[str, Any], text: str) -> None:
    """Tell the result, to a program or to a person."""
    click.echo(json.dumps(facts, indent=2, ensure_ascii=False, default=str) if as_json else text)
