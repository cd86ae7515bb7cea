"""The bill of materials of what is copied to a host, by CycloneDX (https://cyclonedx.org): all that is in it.

Read from the artefacts themselves: what a wheel says of itself, what the Go linker has written into geth,
what the lock files of the pages and of the contracts say.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import uuid
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from email import message_from_bytes
from pathlib import Path

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import HashAlgorithm, HashType, Property
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.license import License
from cyclonedx.output import make_outputter
from cyclonedx.schema import OutputFormat, SchemaVersion
from packageurl import PackageURL

LINKED = re.compile(rb"\n(mod|dep)\t([^\t\n]+)\t([^\t\n]+)\t(h1:[^\t\n]+)")
"""A line of the modules that Go's linker writes into a program: `go version -m` shows the same."""

BUILDER = re.compile(rb"\xff Go buildinf:.{18}\x08?go(\d+\.\d+(?:\.\d+)?)", re.DOTALL)

LONGEST = 80
"""Letters of a licence's name; longer ones are its text."""


def bill(
    release: str, host: str, files: Mapping[str, Path], locks: Mapping[Path, Iterable[str]], at: datetime
) -> str:
    """The bill of one archive, as JSON.

    Args:
        release: name of the release.
        host: the kind that it is for.
        files: what is in the archive, by its name there.
        locks: npm's lock files, each with the packages of it that end up in our wheel.
        at: when it was built.
    """
    version, _, _ = release.partition("-")
    root = Component(
        name="commonwatt", version=version, type=ComponentType.APPLICATION, bom_ref=f"commonwatt@{release}",
        description=f"release {release} for {host}", licenses=[LicenseFactory().make_with_id("Apache-2.0")],
    )  # fmt: skip
    bom = Bom(serial_number=uuid.uuid5(uuid.NAMESPACE_URL, f"commonwatt:{release}:{host}"))
    bom.metadata.component, bom.metadata.timestamp = root, at
    parts = [of_wheel(path) for name, path in files.items() if name.endswith(".whl")]
    parts += [part for lock, names in locks.items() for part in of_npm(lock, names)]
    for name, path in files.items():
        if name.endswith(".whl"):
            continue
        program, *modules = of_program(path)
        bom.components.update(modules)
        bom.register_dependency(program, modules)
        parts.append(program)
    bom.components.update(parts)
    bom.register_dependency(root, [part for part in parts if part.name != "commonwatt"])
    return make_outputter(bom, OutputFormat.JSON, SchemaVersion.V1_6).output_as_string(indent=1) + "\n"


def of_wheel(path: Path) -> Component:
    """What a wheel says of itself."""
    with zipfile.ZipFile(path) as wheel:
        [name] = [each for each in wheel.namelist() if re.fullmatch(r"[^/]+\.dist-info/METADATA", each)]
        said = message_from_bytes(wheel.read(name))
    url = PackageURL("pypi", None, said["Name"].lower().replace("_", "-"), said["Version"])
    return Component(
        name=said["Name"], version=said["Version"], type=ComponentType.LIBRARY, purl=url, bom_ref=str(url),
        licenses=licences(said["License-Expression"] or said["License"]), hashes=[sha256(path)],
    )  # fmt: skip


def of_program(path: Path) -> Iterator[Component]:
    """A Go program, and then the modules and the Go that it was linked from.

    Raises:
        ValueError: it says nothing of how it was built.
    """
    content = path.read_bytes()
    linked = {(kind, module, version, sum_) for kind, module, version, sum_ in LINKED.findall(content)}
    builder = BUILDER.search(content)
    if not linked or builder is None:
        raise ValueError(f"{path} is no Go program, or does not say what it was built from")
    for kind, module, version, sum_ in sorted(linked, reverse=True):  # the program itself ("mod") first
        main = kind == b"mod"
        url = go_url(module.decode(), version.decode())
        yield Component(
            name=module.decode(), version=version.decode(), purl=url, bom_ref=str(url),
            type=ComponentType.APPLICATION if main else ComponentType.LIBRARY,
            hashes=[sha256(path)] if main else [],
            properties=[Property(name="go:sum", value=sum_.decode())],
        )  # fmt: skip
    url = go_url("std", builder[1].decode())
    yield Component(
        name="std", version=builder[1].decode(), type=ComponentType.LIBRARY, purl=url, bom_ref=str(url)
    )


def go_url(module: str, version: str) -> PackageURL:
    """A Go module's package URL."""
    namespace, _, name = module.rpartition("/")
    return PackageURL("golang", namespace or None, name, version)


def of_npm(lock: Path, names: Iterable[str]) -> Iterator[Component]:
    """Packages of an npm lock file.

    Raises:
        KeyError: it does not list one.
    """
    listed = json.loads(lock.read_text("utf-8"))["packages"]
    for name in names:
        found = listed[f"node_modules/{name}"]
        scope, _, short = name.rpartition("/")
        url = PackageURL("npm", scope or None, short, found["version"])
        algorithm, _, digest = found["integrity"].partition("-")
        yield Component(
            name=name, version=found["version"], type=ComponentType.LIBRARY, purl=url, bom_ref=str(url),
            licenses=licences(found.get("license")),
            hashes=[HashType(alg=HashAlgorithm(algorithm.replace("sha", "SHA-")),
                             content=base64.b64decode(digest).hex())],
        )  # fmt: skip


def licences(said: str | None) -> list[License]:
    """A licence by its SPDX expression, else by its name; none where only its text is given."""
    if not said or len(said) > LONGEST or "\n" in said:
        return []
    return [LicenseFactory().make_from_string(said)]


def sha256(path: Path) -> HashType:
    """Of a file's content."""
    with path.open("rb") as file:
        return HashType(alg=HashAlgorithm.SHA_256, content=hashlib.file_digest(file, "sha256").hexdigest())
