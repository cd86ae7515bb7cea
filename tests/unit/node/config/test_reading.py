"""Files as data that knows its lines."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.config.errors import ConfigError
from node.config.reading import LARGEST_FILE, Document, read
from node.dotted import dotted


def written(folder: Path, text: str, name: str = "household.yml") -> Path:
    path = folder / name
    path.write_text(text)
    return path


def refusal(folder: Path, text: str) -> str:
    with pytest.raises(ConfigError) as refused:
        read(written(folder, text))
    return str(refused.value)


def test_every_key_and_element_knows_its_line(tmp_path: Path) -> None:
    document = read(written(tmp_path, "a:\n  b: 1\n  c:\n    - x\n    - y\n"))
    assert document.data == {"a": {"b": 1, "c": ["x", "y"]}}
    assert document.places["a", "b"].line == 2
    assert document.places["a", "c", 1].line == 5


def test_words_that_older_yaml_takes_for_booleans_stay_words(tmp_path: Path) -> None:
    assert read(written(tmp_path, "name: no\nstate: off\nday: 2026-11-21\ntime: 12:30\n")).data == {
        "name": "no",
        "state": "off",
        "day": "2026-11-21",
        "time": "12:30",
    }


def test_an_account_without_quotes_stays_text(tmp_path: Path) -> None:
    account = "0x" + "1" * 40
    assert read(written(tmp_path, f"account: {account}\naddress: 0x40\n")).data == {
        "account": account,
        "address": 64,
    }


def test_a_price_keeps_all_its_decimals(tmp_path: Path) -> None:
    price = read(written(tmp_path, "price: 0.123456789012345678\n")).data["price"]
    assert str(price) == "0.123456789012345678"
    assert price == pytest.approx(0.1234567890)


def test_a_key_written_twice_is_refused_with_both_lines(tmp_path: Path) -> None:
    message = refusal(tmp_path, "trading:\n  limit: 30 %\n  delta: 1 Wh\n  limit: 40 %\n")
    assert message == f"{tmp_path}/household.yml:4: trading.limit: written twice, first on line 2; keep one"


def test_what_is_no_yaml_is_refused_with_its_line(tmp_path: Path) -> None:
    assert "household.yml:2: not YAML" in refusal(tmp_path, "a: 1\nb: [1, 2\n")


def test_a_missing_file_says_where_to_start(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nothing\.yml: there is no such file.*config\.example\.yml"):
        read(tmp_path / "nothing.yml")


def test_what_is_no_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "binary.yml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match="is not UTF-8 text"):
        read(path)


def test_aliases_that_multiply_are_refused_before_they_fill_the_memory(tmp_path: Path) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 9)]
    assert "aliases repeat too much" in refusal(tmp_path, "\n".join(lines))


def test_an_alias_to_itself_is_refused(tmp_path: Path) -> None:
    assert "nested more than" in refusal(tmp_path, "a: &a [*a]\n")


def test_brackets_without_end_are_refused(tmp_path: Path) -> None:
    assert "nested more than 16 deep" in refusal(tmp_path, "a: " + "[" * 20_000)


def test_a_huge_file_is_refused(tmp_path: Path) -> None:
    assert "larger than 256 kB" in refusal(tmp_path, "#" * (LARGEST_FILE + 1))


def test_tags_that_would_run_code_mean_nothing(tmp_path: Path) -> None:
    assert "means nothing here" in refusal(tmp_path, "a: !!python/object/apply:os.system [ls]\n")


def test_an_empty_file_says_nothing(tmp_path: Path) -> None:
    assert read(written(tmp_path, "# nothing yet\n")).data == {}


def test_a_list_is_no_configuration(tmp_path: Path) -> None:
    assert "household.yml:1: expected keys and values" in refusal(tmp_path, "- a\n- b\n")


def test_a_later_file_overrides_keys_and_replaces_lists(tmp_path: Path) -> None:
    document = Document()
    document.override(read(written(tmp_path, "t: {limit: 1, delta: 2}\nl: [1, 2]\n", "site.yml")))
    document.override(read(written(tmp_path, "\nt:\n  delta: 3\nl: [9]\n", "household.yml")))
    assert document.data == {"t": {"limit": 1, "delta": 3}, "l": [9]}
    assert str(document.places["t", "limit"]) == f"{tmp_path}/site.yml:1"
    assert str(document.places["t", "delta"]) == f"{tmp_path}/household.yml:3"
    assert ("l", 1) not in document.places


def test_the_place_of_what_is_missing_is_the_section_around_it(tmp_path: Path) -> None:
    document = read(written(tmp_path, "a: 1\nb:\n  c: 2\n"))
    assert document.place(("b", "d", "e")).line == 2


def test_keys_are_named_with_dots_and_positions() -> None:
    assert dotted(("relay", "feeds", 0, "pin")) == "relay.feeds[0].pin"


@given(st.text(max_size=200))
def test_whatever_is_in_a_file_it_is_read_or_refused(text: str) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "any.yml"
        path.write_bytes(text.encode("utf-8", "surrogatepass"))
        try:
            read(path)
        except ConfigError as refused:
            assert str(path) in str(refused)
