"""The `account` section of the configuration: the household's key on the chain."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from quantities.said import Said

ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}\Z")


def _address(given: str) -> str:
    if not ADDRESS.match(given):
        raise ValueError(Said("write an account as 0x and 40 hexadecimal digits"))
    return given


class AccountSettings(BaseModel):
    """Where the household's key is. Only client-interaction reads it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    keystore: Path = Field(
        description="the key, encrypted (Web3 secret storage, as geth writes it); a file, or credential:NAME"
    )
    password_file: Path = Field(
        description="a file with the key's password; nobody else may read it; or credential:NAME, which "
        "systemd hands over (LoadCredential=)"
    )
    address: Annotated[str, AfterValidator(_address)] | None = Field(
        default=None,
        description="the account, for processes that may not read its key; null: as the keystore says",
    )
    first_run: bool = Field(
        default=False,
        description="whether the household's pages lead through the first run: the first password by a code "
        "from the box (commonwatt user setup-code), a new key where there is none, its backup, the request "
        "to join",
    )
