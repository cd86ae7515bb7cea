"""The pages in several languages: every text is said in each, and what programs read is not."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from jinja2 import Environment, nodes

from node.changes.form import facts
from node.changes.told import Field
from node.dapp import catalogues, form
from node.dapp.app import create_app
from node.dapp.spoken import COOKIE, LANGUAGES
from tests.integration.dapp import made_up
from tests.unit.node.dapp.conftest import ORIGIN, Visitor

CHECKOUT = Path(__file__).parents[4]

PLACES = re.compile(r"%\(\w+\)s|%%|%")
TAGS = re.compile(r"</?\w[^>]*>|`[^`]*`")
SQUEEZED = re.compile(r"(?<=\w)[?!;»]|(?<=[^\W\d]) [:;?!»]|« ")
"""In French: a mark without the space before it, or with one at which the line may break."""

MARKS = {"_", "N_", "gettext", "ngettext"}

FRENCH = {"Accept-Language": "fr-FR,fr;q=0.9,en;q=0.5"}


@pytest.fixture(scope="module")
def sources() -> Catalog:
    return catalogues.extracted()


@pytest.fixture(scope="module", params=[name for name in LANGUAGES if name != "en"])
def said(request: pytest.FixtureRequest) -> Catalog:
    files = dict(catalogues.languages())
    return catalogues.read(request.param, files[request.param])


@pytest.fixture(scope="module")
def templates(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    return create_app(made_up.household(tmp_path_factory.mktemp("birch"))).jinja_env


def forms(message: Message) -> list[tuple[str, str]]:
    """Each form of a message with what it is a translation of."""
    if isinstance(message.id, str):
        return [(message.id, str(message.string))]
    last = message.id[-1]
    said = message.string if isinstance(message.string, tuple | list) else ()
    return [(message.id[0] if at == 0 else last, form) for at, form in enumerate(said)]


def keys(catalogue: Catalog) -> set[tuple[object, str | None]]:
    return {(message.id, message.context) for message in catalogue if message.id}


@pytest.mark.parametrize("file", catalogues.PYTHON, ids=lambda file: file.stem)
def test_no_message_stands_within_an_f_string(file: Path) -> None:
    """Before Python 3.12 such a string is one token, and nobody finds the message in it."""
    within = [
        ast.unparse(call)
        for text in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(text, ast.JoinedStr)
        for call in ast.walk(text)
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in MARKS
        if any(isinstance(argument, ast.Constant) for argument in call.args)
    ]
    assert within == []


def test_what_the_pages_read_is_the_same_whenever_it_is_made() -> None:
    for language, file in catalogues.languages():
        assert b"POT-Creation-Date: 2026-01-01 00:00+0000" in catalogues.compiled(language, file)


def test_every_language_has_a_catalogue() -> None:
    assert {"en", *dict(catalogues.languages())} == set(LANGUAGES)


def test_every_text_is_said_in_every_language(sources: Catalog, said: Catalog) -> None:
    new = keys(sources) - keys(said)
    assert not new, f"make translations, then say these in {said.locale}: {sorted(map(str, new))}"
    empty = [message.id for message in said if message.id and not catalogues.translated(message.string)]
    assert not empty, f"not said in {said.locale}: {empty}"


def test_nothing_is_kept_that_no_page_says_any_more(sources: Catalog, said: Catalog) -> None:
    old = keys(said) - keys(sources)
    assert not old, f"make translations: no page says {sorted(map(str, old))}"
    assert not said.obsolete
    assert not [message.id for message in said if message.id and message.fuzzy]


def test_what_is_filled_in_is_the_same_in_every_language(said: Catalog) -> None:
    for message in said:
        for original, shown in forms(message) if message.id else ():
            for found in (PLACES, TAGS):
                expected, there = Counter(found.findall(original)), Counter(found.findall(shown))
                if message.id == original or found is TAGS:
                    assert there == expected, shown
                else:
                    assert set(there) <= set(expected), shown


def test_french_keeps_its_marks_with_the_word_before() -> None:
    for message in catalogues.read("fr", dict(catalogues.languages())["fr"]):
        for _, shown in forms(message) if message.id else ():
            bare = TAGS.sub("", PLACES.sub("x", shown))
            assert not SQUEEZED.search(bare), bare


PLACE = "x0"
"""Stands for an expression: it may name a tag, and is no text."""


class Visible(HTMLParser):
    """Collects what people read or hear of a page, and is not in a message."""

    QUIET = frozenset({"code", "script", "style"})
    ATTRIBUTES = frozenset({"title", "aria-label", "placeholder", "alt", "data-label", "label"})
    OURS = frozenset({"Commonwatt", "ether", "gwei", "wei"})

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._quiet = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._quiet += tag in self.QUIET
        for name, value in attrs:
            if name in self.ATTRIBUTES:
                self._take(value or "")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self._quiet -= tag in self.QUIET

    def handle_endtag(self, tag: str) -> None:
        self._quiet -= tag in self.QUIET

    def handle_data(self, data: str) -> None:
        if not self._quiet:
            self._take(data)

    def _take(self, text: str) -> None:
        words = set(re.findall(r"[^\W\d_]{2,}", text.replace(PLACE, " "))) - self.OURS
        if words:
            self.found.append(" ".join(text.split()))


def unmarked(templates: Environment, source: str) -> list[str]:
    """What a template says in no message: texts, attributes, and texts within expressions."""
    tree = templates.parse(source)
    seen, literal = Visible(), ""
    for output in tree.find_all(nodes.Output):
        for part in output.nodes:
            # An expression may stand within an attribute: it is a place there, and no text.
            literal += part.data if isinstance(part, nodes.TemplateData) else PLACE
        literal += "\n"
    seen.feed(literal)
    seen.close()
    marked = {
        id(text)
        for call in tree.find_all(nodes.Call)
        if isinstance(call.node, nodes.Name) and call.node.name in {"_", "gettext", "ngettext", "pgettext"}
        for text in call.find_all(nodes.Const)
    }
    loose = [
        text.value
        for text in tree.find_all(nodes.Const)
        if isinstance(text.value, str) and id(text) not in marked and spoken(text.value)
    ]
    return seen.found + loose


def spoken(text: str) -> bool:
    """Whether a text within an expression is one for people: a sentence, or a word with a capital."""
    if any(sign in text for sign in "%/=_<>#"):
        return False
    return (
        bool(re.match(r"[A-Z][a-z]+", text) or re.search(r"[a-z]{2,} [a-z]{2,}", text)) and text not in QUIET
    )


QUIET = frozenset({"s, min, h or d", "next muted", "muted small", "going on"})
"""A unit and a state that are compared, and classes."""


@pytest.mark.parametrize("file", catalogues.TEMPLATES, ids=lambda file: file.stem)
def test_a_template_says_nothing_outside_of_a_message(file: Path, templates: Environment) -> None:
    assert unmarked(templates, file.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "template",
    [
        "<p>Hello there</p>",
        '<button aria-label="Close">{{ icon("x") }}</button>',
        "<p>{{ _('Hello') }} and more</p>",
        "{{ empty('Nothing yet', '') }}",
        "{{ badge('bad', 'look at it') }}",
        "<p>{% if x %}On{% else %}{{ _('Off') }}{% endif %}</p>",
        '<input placeholder="new fuse">',
    ],
)
def test_the_search_for_such_texts_finds_them(template: str, templates: Environment) -> None:
    assert unmarked(templates, template)


def test_the_search_lets_messages_and_commands_be(templates: Environment) -> None:
    source = (
        "<p class=\"card\" title=\"{{ _('Close') }}\">{{ _('Hello') }} <code>commonwatt doctor</code></p>"
        "{% trans name=x %}Hello {{ name }}{% endtrans %}{{ url_for('now.show') }}"
    )
    assert unmarked(templates, source) == []


def test_a_browser_is_answered_in_its_language(stranger: Visitor) -> None:
    page = stranger.get("/login", **FRENCH)
    assert '<html lang="fr">' in page
    assert "Mot de passe" in page
    assert "Password" in stranger.get("/login")
    assert "Password" in stranger.get("/login", **{"Accept-Language": "de"})


def test_who_chose_a_language_keeps_it(member: Visitor) -> None:
    answer = member.client.post(
        "/language",
        base_url=ORIGIN,
        data={"csrf": csrf(member), "language": "fr", "back": "/trades?before=3"},
    )
    assert (answer.status_code, answer.location) == (303, "/trades?before=3")
    assert "Échanges" in member.get("/trades")
    assert "Échanges" in member.get("/trades", **{"Accept-Language": "en"})


def test_the_switch_knows_its_languages_and_leads_nowhere_else(stranger: Visitor) -> None:
    def choose(language: str, back: str) -> tuple[int, str | None]:
        data = {"csrf": stranger.csrf(), "language": language, "back": back}
        answer = stranger.client.post("/language", base_url=ORIGIN, data=data)
        return answer.status_code, answer.location

    assert choose("xx", "/login")[0] == 400
    assert choose("fr", "https://elsewhere.example/") == (303, "/")
    stranger.client.set_cookie(COOKIE, "../../etc", domain="127.0.7.1")
    assert '<html lang="en">' in stranger.get("/login")


def test_programs_are_answered_in_english_and_in_exact_figures(tmp_path: Path) -> None:
    household = made_up.household(tmp_path)
    pages = create_app(household).test_client()
    plain = pages.get("/api/v1/health", base_url=ORIGIN)
    french = pages.get("/api/v1/health", base_url=ORIGIN, headers=FRENCH)
    assert plain.text == french.text


def test_a_process_without_pages_pays_nothing_for_languages() -> None:
    script = "import node.dapp.words as w, sys; w.clock(0, 9e9); w.tokens(5); print(sorted(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert "'babel'" not in loaded
    assert "'flask'" not in loaded


def csrf(visitor: Visitor) -> str:
    found = re.search(r'name="csrf" value="([^"]+)"', visitor.get("/account/"))
    assert found
    return found[1]


def test_every_field_of_the_settings_has_its_words(sources: Catalog) -> None:
    fields = [Field(**each) for each in facts([CHECKOUT / "config.example.yml"], None)["fields"]]
    assert len(fields) > 40
    for field in fields:
        assert sources.get(form.meaning(field)) is not None, field.meaning
        assert field.name in form.LABELS or sources.get(form.name(field.key)) is not None, field.name
