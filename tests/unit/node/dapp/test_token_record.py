"""App tokens in the record of changes."""

from pathlib import Path

import pytest

from node.dapp.api.tokens import AppTokens, Scope
from node.dapp.errors import NoSuchToken
from node.dapp.users import FILE, Users


def test_a_token_that_is_made_or_revoked_is_recorded_with_who_and_when(tmp_path: Path) -> None:
    tokens = AppTokens(tmp_path)
    tokens.create("home-assistant", [Scope.METRICS], 10.0, by="ada (shell)")
    tokens.revoke("home-assistant", 20.0, by="bob (shell)")
    with pytest.raises(NoSuchToken):
        tokens.revoke("home-assistant", 30.0, by="bob (shell)")
    found = [(each.at, each.by, each.about, each.what) for each in Users(tmp_path / FILE).audit(5)]
    assert found == [
        (20.0, "bob (shell)", "token home-assistant", "revoked"),
        (10.0, "ada (shell)", "token home-assistant", "made, for metrics"),
    ]
