"""The bill of materials: by the schema, and of all that is in the archive."""

from __future__ import annotations

import hashlib
import json
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import cyclonedx.schema
import jsonschema_rs
import pytest

from ansible.artefacts import BUNDLED
from ansible.bill_of_materials import bill, of_program, of_wheel

SCHEMAS = Path(cyclonedx.schema.__file__).parent / "_res"
BESIDE = ("spdx", "jsf-0.82")
"""The schemas that its schema names."""

AT = datetime(2026, 11, 30, tzinfo=UTC)
GO = (
    b"\x7fELF code \xff Go buildinf:\x08\x02" + bytes(16) + b"\x08go1.26.8\xe6"
    b"\npath\texample.org/geth/cmd\nmod\texample.org/geth\tv1.2.3\th1:AAAA=\n"
    b"dep\texample.org/a/b\tv0.1.0\th1:BBBB=\n more code "
    b"\nmod\texample.org/geth\tv1.2.3\th1:AAAA=\n"
)


def wheel(folder: Path, name: str, more: str) -> Path:
    path = folder / f"{name}-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr(f"{name}-1.0.dist-info/METADATA", f"Name: {name}\nVersion: 1.0\n{more}\n\nText.\n")
        file.writestr(f"{name}/vendored.dist-info/METADATA", "Name: another\n")
    return path


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    """An archive's content: two wheels beside ours, and a Go program."""
    (tmp_path / "geth").write_bytes(GO)
    wheels = [
        wheel(tmp_path, "commonwatt", "License-Expression: Apache-2.0"),
        wheel(tmp_path, "plain", "License-Expression: MIT OR BSD-3-Clause"),
        wheel(tmp_path, "Odd_one", "License: Permission is hereby granted,\n        and so on"),
    ]
    return {"bin/geth": tmp_path / "geth"} | {f"wheels/{each.name}": each for each in wheels}


def made(files: dict[str, Path]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(bill("0.1.0-abc", "arm64-python3.11", files, BUNDLED, AT))
    return found


def test_it_is_valid_by_the_schema(files: dict[str, Path]) -> None:
    schema, *others = (
        json.loads((SCHEMAS / f"{name}.SNAPSHOT.schema.json").read_text("utf-8"))
        for name in ("bom-1.6", *BESIDE)
    )
    base = schema["$id"].rpartition("/")[0]
    registry = jsonschema_rs.Registry(
        [(f"{base}/{name}.SNAPSHOT.schema.json", other) for name, other in zip(BESIDE, others, strict=True)]
    )
    validator = jsonschema_rs.validator_for(schema, registry=registry)
    assert list(validator.iter_errors(made(files))) == []
    assert list(validator.iter_errors({**made(files), "components": [{"name": "no type"}]})) != []


def test_everything_in_the_archive_is_in_it_with_version_and_hash(files: dict[str, Path]) -> None:
    found = {each["bom-ref"]: each for each in made(files)["components"]}
    assert set(found) == {
        "pkg:pypi/commonwatt@1.0", "pkg:pypi/plain@1.0", "pkg:pypi/odd-one@1.0",
        "pkg:golang/example.org/geth@v1.2.3", "pkg:golang/example.org/a/b@v0.1.0", "pkg:golang/std@1.26.8",
        "pkg:npm/uplot@1.6.32", "pkg:npm/%40openzeppelin/contracts@5.4.0",
    }  # fmt: skip
    for path, ref in ((files["bin/geth"], "pkg:golang/example.org/geth@v1.2.3"),
                      (files["wheels/plain-1.0-py3-none-any.whl"], "pkg:pypi/plain@1.0")):  # fmt: skip
        assert found[ref]["hashes"] == [
            {"alg": "SHA-256", "content": hashlib.sha256(path.read_bytes()).hexdigest()}
        ]
    assert found["pkg:pypi/plain@1.0"]["licenses"] == [{"expression": "MIT OR BSD-3-Clause"}]
    assert "licenses" not in found["pkg:pypi/odd-one@1.0"], "a licence's text is no name"


def test_what_depends_on_what_is_said(files: dict[str, Path]) -> None:
    told = {each["ref"]: set(each.get("dependsOn", ())) for each in made(files)["dependencies"]}
    assert told["pkg:golang/example.org/geth@v1.2.3"] == {
        "pkg:golang/example.org/a/b@v0.1.0", "pkg:golang/std@1.26.8",
    }  # fmt: skip
    assert told["commonwatt@0.1.0-abc"] >= {"pkg:pypi/plain@1.0", "pkg:golang/example.org/geth@v1.2.3"}


def test_one_release_has_one_number(files: dict[str, Path]) -> None:
    assert made(files) == made(files)
    other = json.loads(bill("0.1.0-abc", "amd64", files, BUNDLED, AT))
    assert other["serialNumber"] != made(files)["serialNumber"]


def test_a_program_that_does_not_say_what_it_is_made_of_is_told(tmp_path: Path) -> None:
    (tmp_path / "geth").write_bytes(b"\x7fELF")
    with pytest.raises(ValueError, match="what it was built from"):
        list(of_program(tmp_path / "geth"))


def test_names_are_written_as_the_index_has_them(tmp_path: Path) -> None:
    assert of_wheel(wheel(tmp_path, "Odd_one", "")).name == "Odd_one"
