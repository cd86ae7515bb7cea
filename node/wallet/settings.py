"""The `account` section of the configuration: the household's key on the chain."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field


class AccountSettings(BaseModel):
    """Where the household's key is. Only client-interaction reads it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    keystore: Path = Field(description="the key, encrypted (Web3 secret storage, as geth writes it)")
    password_file: Path = Field(description="a file with the key's password; nobody else may read it")
