"""What a vote about a signer leads to."""

from __future__ import annotations

import pytest

from chain.errors import SettingRefused
from chain.votes import Standing, come_true, refusal, warning


def signers(*names: str) -> Standing:
    return Standing(signers=frozenset(names), votes={})


def test_the_only_signer_stays() -> None:
    with pytest.raises(SettingRefused, match="no block is sealed any more"):
        refusal(signers("A"), "A", admits=False)
    refusal(signers("A", "B"), "A", admits=False)
    refusal(signers("A"), "B", admits=True)


@pytest.mark.parametrize(
    ("before", "account", "admits", "advised"),
    [
        (("A",), "B", True, True),
        (("A", "B"), "C", True, False),
        (("A", "B", "C"), "D", True, True),
        (("A", "B", "C"), "C", False, True),
        (("A", "B"), "B", False, False),
        (("A", "B"), "B", True, False),
    ],
)
def test_an_even_number_of_signers_is_advised_against(
    before: tuple[str, ...], account: str, admits: bool, advised: bool
) -> None:
    assert (warning(signers(*before), account, admits) is not None) is advised


def test_a_vote_has_come_true_when_the_signers_are_as_it_wants() -> None:
    assert come_true(signers("A", "B"), "B", admits=True)
    assert come_true(signers("A"), "B", admits=False)
    assert not come_true(signers("A"), "B", admits=True)
