"""The messages of the pages: taken from their sources into each language's catalogue, and compiled for them.

    python -m node.dapp.catalogues update     new texts into every messages.po, what is gone out of it
    python -m node.dapp.catalogues compile    messages.po into the messages.mo that the pages read

The .po files are sources; the .mo files are made at setup. A text without a translation is shown in English,
and a test says which those are. Exit codes: 0 done, 1 texts of a language are missing, 64 wrong usage.
"""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Iterator
from contextlib import redirect_stderr
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_file
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOM = Path(__file__).resolve().parent
FOLDER = ROOM / "translations"

ROOMS = ("quantities", "chain", "contracts", "relay_server", "node")
"""Whose sentences the pages say: marked by `N_`, or `quantities.said.Said`."""

MARKED = re.compile(r"^from (node\.dapp\.language|quantities\.said) import|^def N_", re.MULTILINE)

PYTHON = tuple(
    file
    for room in ROOMS
    for file in sorted((ROOM.parents[1] / room).rglob("*.py"))
    if MARKED.search(file.read_text(encoding="utf-8"))
)
TEMPLATES = (*sorted((ROOM / "templates").rglob("*.html")), ROOM.parent / "statement" / "statement.html")

KEYWORDS = {**DEFAULT_KEYWORDS, "N_": None, "Said": None}
JINJA = {"trim_blocks": "true", "lstrip_blocks": "true", "silent": "false"}
"""As `node.dapp.app` sets the templates up."""

WHERE = "LC_MESSAGES/messages"

MADE = datetime(2026, 1, 1, tzinfo=UTC)
"""Of every compiled catalogue: Babel would write when it was compiled."""


def extracted() -> Catalog:
    """Every message of the sources, without a translation."""
    found = Catalog(charset="utf-8")
    # Babel tells of f-strings, though values may be some; that no message is one, a test finds.
    with redirect_stderr(io.StringIO()):
        for method, files, options in (("python", PYTHON, {}), ("jinja2", TEMPLATES, JINJA)):
            for file in files:
                for _, message, _, context in extract_from_file(method, file, KEYWORDS, options=options):
                    found.add(message, context=context)
    return found


def languages() -> Iterator[tuple[str, Path]]:
    """Each language with its catalogue's file."""
    for file in sorted(FOLDER.glob(f"*/{WHERE}.po")):
        yield file.parents[1].name, file


def read(language: str, file: Path) -> Catalog:
    """A catalogue.

    Raises:
        babel.messages.pofile.PoFileError: it is not one.
    """
    with file.open("rb") as opened:
        return read_po(opened, locale=language, abort_invalid=True)


def written(catalogue: Catalog, language: str) -> bytes:
    """The text of a catalogue, the same for the same messages: no date, no place, sorted."""
    head = f'msgid ""\nmsgstr ""\n"Language: {language}\\n"\n"Content-Type: text/plain; charset=utf-8\\n"\n'
    forms = f'"Plural-Forms: {catalogue.plural_forms}\\n"\n\n'
    content = io.BytesIO()
    write_po(content, catalogue, width=0, no_location=True, omit_header=True, sort_output=True)
    return (head + forms).encode() + content.getvalue()


def update() -> int:
    """Bring every catalogue in step with the sources; tell what is left to say."""
    template, left = extracted(), 0
    for language, file in languages():
        catalogue = read(language, file)
        catalogue.update(template, no_fuzzy_matching=True)
        catalogue.obsolete.clear()
        file.write_bytes(written(catalogue, language))
        missing = [message.id for message in catalogue if message.id and not translated(message.string)]
        left += len(missing)
        print(f"{language}: {len(catalogue)} messages, {len(missing)} without a translation")
    return 1 if left else 0


def translated(string: object) -> bool:
    """Whether every form of a message is said."""
    return all(string) if isinstance(string, tuple | list) else bool(string)


def compile_all() -> int:
    """Make what the pages read: the same bytes whenever it is made, for a release is known by its digest."""
    for language, file in languages():
        file.with_suffix(".mo").write_bytes(compiled(language, file))
    return 0


def compiled(language: str, file: Path) -> bytes:
    """A catalogue as the pages read it."""
    catalogue, made = read(language, file), io.BytesIO()
    catalogue.creation_date = catalogue.revision_date = MADE
    write_mo(made, catalogue)
    return made.getvalue()


def main(arguments: list[str]) -> int:
    """Do what is asked for."""
    match arguments:
        case ["update"]:
            return update() or compile_all()
        case ["compile"]:
            return compile_all()
        case _:
            print(__doc__, file=sys.stderr)
            return 64


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
