"""What other processes say, against their sources: a sentence that is changed there is missed here."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from node.dapp import told
from node.dapp.app import create_app
from node.dapp.spoken import speaking
from relay_server.contacts.trouble import SENTENCES, Trouble, kind, took
from tests.integration.dapp import made_up

ROOT = Path(__file__).parents[4]

SOURCES = (
    *(
        f"node/client_interaction/{name}.py"
        for name in (
            "sentences", "core", "ending", "choice", "amount", "judging", "settlement", "successor",
            "recovery", "crew", "loop",
        )
    ),
    *(f"node/client_interaction/actors/{name}.py" for name in ("last_vouchers", "ledger", "line", "supply")),
    "node/intents/caps.py",
    "node/first_run/keyholder.py",
    "node/first_run/owner.py",
)  # fmt: skip

PARTS = frozenset({
    # of sentences that are put together from them
    " again, as in the configuration", " It stays off in the configuration, though (trading.enabled).",
    "; the battery is at X", "all of it is received, or X", "at X, and goes home at X", "X from X at X",
    "up to X an order at X", "the least, ", "X, X and X", "an hour", "X hours", "X min", "X tokens", "X (X)",
    "Supplied by X, X: X of X receivedX.", "Goes home when X.", "X opened its contact: X",
    "X does not answer", "X: X", "the X of X pays for less than XX", "Nothing is bought by itself for X.",
    "Buying X.", "X X",
    "Trading is on again.X", "Contact X is to offer X.",
    "The budget may be set to X (intents.daily_budget_to).",
    "The battery is X: say how much is to be bought all the same.",
    "nothing more", "daily budget", "the own relay", "this file", "X's relay", "X tokens at most", "X and X",
    # said to a log, to the relay or at the command line
    "trade for the household in", "The first run knows no such thing.", "at home", "X mWh",
})  # fmt: skip


SQL = re.compile(r"\s*(CREATE|SELECT|INSERT|UPDATE|DELETE) ")

WHOLE = (
    "Supplied by Alder, because home asked for it: 1 mWh of 2.10 Wh received.",
    "Goes home when the battery is at 30 %.",
    "Goes home when all of it is received, or the battery is at 30 %.",
    "the own relay opened its contact: the tie's meter is silent",
    "Alder's relay does not answer",
    "the balance of 0.40 pays for less than the least, 0.50 Wh",
    "the daily budget of 0.40 pays for less than 0.50 Wh",
    "Nothing is bought by itself for an hour.",
    "Nothing is bought by itself for 2 hours.",
    "Nothing is bought by itself for 90 min.",
    "Contact 1 is to offer up to 5.00 Wh an order at 0.25 tokens per kWh.",
    "Contact 1 is to offer nothing more.",
    "The battery is at 63 %, and goes home at 30 %: say how much is to be bought all the same.",
    "The budget may be set to 5.00 tokens at most (intents.daily_budget_to).",
    "Now the daily budget is 5.00 tokens again, as in the configuration.",
)
"""What is put together from those parts."""


def texts(file: Path) -> Iterator[str]:
    """Every sentence or clause of a module, with X for what is filled in."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    known = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            known |= {
                id(part) for part in ast.walk(node) if part is not node and isinstance(part, ast.Constant)
            }
    for node in ast.walk(tree):
        if id(node) in known:
            continue
        if isinstance(node, ast.JoinedStr):
            text = "".join(str(p.value) if isinstance(p, ast.Constant) else "X" for p in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            text = node.value
        else:
            continue
        if " " in text.strip() and text not in PARTS and not SQL.match(text):
            yield text


@pytest.mark.parametrize("source", SOURCES)
def test_the_sentences_of_other_processes_are_known(source: str) -> None:
    unknown = [
        text for text in texts(ROOT / source) if not told.message(text) and not told.message(f"{text}.")
    ]
    assert unknown == []


@pytest.mark.parametrize("text", WHOLE)
def test_what_they_put_together_is_known_as_a_whole(text: str) -> None:
    assert told.message(text)


FAULTS = (
    *(trouble.told(sentence) for trouble, sentence in SENTENCES.items()),
    Trouble.SLOW.told(took(1.5)),
    Trouble.WELDED.told(f"{SENTENCES[Trouble.WELDED]}: home is kept open"),
    Trouble.HOME_CLOSED.told("home closed while a tie was closed"),
    Trouble.OVERLOAD.told("40.1 W through a contact rated 36.0 W"),
    Trouble.METER.told("its meter fell back by 12 mWh"),
)


@pytest.mark.parametrize("fault", FAULTS)
def test_every_fault_of_a_contact_is_known(fault: str) -> None:
    assert told.message(fault)


def test_every_kind_of_fault_is_among_them() -> None:
    assert {kind(fault) for fault in FAULTS} == set(Trouble)


def test_a_sentence_that_is_not_known_is_found_by_that(tmp_path: Path) -> None:
    (tmp_path / "new.py").write_text('def say(x):\n    return f"Quite another sentence about {x}."\n')
    assert [told.message(text) for text in texts(tmp_path / "new.py")] == [None]


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    return create_app(made_up.household(tmp_path_factory.mktemp("birch")))


@pytest.mark.parametrize(
    ("english", "french"),
    [
        ("On its own battery, which is at 63 %.", "Sur sa propre batterie, qui est à 63\u00a0%."),
        (
            "Supplied by Alder, because the battery fell to 19.8 % (limit 20 %): 1.50 Wh of 2.10 Wh "
            "received; the battery is at 24.1 %.",
            "Alimenté par Alder, parce que la batterie est descendue à 19,8\u00a0% (seuil 20\u00a0%)\u00a0: "
            "1,50\u00a0Wh sur 2,10\u00a0Wh reçus\u202f; la batterie est à 24,1\u00a0%.",
        ),
        (
            "The battery is at 12 %, and nobody can supply. Alder: asks 0.30 tokens per kWh, more than "
            "0.25 tokens per kWh; Cedar: nothing offered.",
            "La batterie est à 12\u00a0%, et personne ne peut fournir. Alder\u00a0: demande 0,30 jeton par "
            "kWh, plus que 0,25 jeton par kWh\u202f; Cedar\u00a0: rien d’offert.",
        ),
        ("Going home: the order is used up.", "Retour chez soi\u00a0: la commande est épuisée."),
        (
            "Buying 2.10 Wh from Alder at 0.25 tokens per kWh.",
            "Achat de 2,10\u00a0Wh à Alder, à 0,25 jeton par kWh.",
        ),
        ("The tokens will run out on 28 November.", "Les jetons seront épuisés le 28 novembre."),
        ("The order is used up.", "La commande est épuisée."),
        (
            "the relay at 127.0.7.9:15555 cannot be reached: Connection refused",
            "le relais à 127.0.7.9:15555 ne peut pas être joint\u00a0: connexion refusée",
        ),
        (
            "It cannot be kept: the state folder cannot be written (No space left on device).",
            "Impossible de la garder\u00a0: le dossier d’état ne peut pas être écrit "
            "(plus de place sur le disque).",
        ),
        (
            "welded: the contact stays closed against its coil: home is kept open",
            "soudé\u00a0: le contact reste fermé malgré sa bobine\u00a0: chez soi est maintenu ouvert",
        ),
        (
            "overload: 40.1 W through a contact rated 36.0 W",
            "surcharge\u00a0: 40,1\u00a0W à travers un contact prévu pour 36,0\u00a0W",
        ),
        ("Something that nobody has said before.", "Something that nobody has said before."),
        ("", ""),
    ],
)
def test_they_are_said_again_in_the_readers_language(app: Flask, english: str, french: str) -> None:
    assert told.told(english) == english
    with speaking(app, "fr"):
        assert told.told(english) == french
