"""Compiles the Solidity sources into the committed artefacts: `python -m contracts.compile`.

Same sources, same bytes: the compiler and its settings are pinned, and no metadata is appended to the code.
The compiler is npm's solc, handed to py-solc-x as its binary.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

from contracts import toolchain
from contracts.errors import CompilerError

SOURCES = Path(__file__).parent / "src"
LIBRARIES = Path(__file__).parent / "node_modules"
ARTIFACTS = Path(__file__).parent / "artifacts"
CONTRACTS = ("EnergyMarket", "EnergyToken", "NodeRegistry")

SETTINGS = {
    "evmVersion": "london",  # Clique ends there
    "optimizer": {"enabled": True, "runs": 1000},
    "metadata": {"appendCBOR": False, "bytecodeHash": "none"},
    "remappings": [],
}
OUTPUT = [
    "abi",
    "evm.bytecode.object",
    "evm.deployedBytecode.object",
    "evm.deployedBytecode.immutableReferences",
    "userdoc",
    "devdoc",
    "storageLayout",
]

_IMPORT = re.compile(r'^import\s[^;]*?"([^"]+)";', re.MULTILINE)


def compile_contracts() -> dict[str, str]:
    """Every contract's artefact as JSON text, by contract name.

    Raises:
        ToolMissing: node or solc is not installed.
        CompilerError: solc refuses the sources.
    """
    answer = compiled()
    contracts = {name: answer["contracts"][f"src/{name}.sol"][name] for name in CONTRACTS}
    return {name: artifact(name, contract, answer["version"]) for name, contract in contracts.items()}


def compiled() -> dict[str, Any]:
    """What solc says: `contracts` by file and name, syntax trees in `sources`, its `version`.

    Raises:
        ToolMissing: node or solc is not installed.
        CompilerError: solc refuses the sources.
    """
    import solcx  # noqa: PLC0415 - a development extra, not there where the project only runs
    from solcx.exceptions import SolcError  # noqa: PLC0415

    asked = {
        "language": "Solidity",
        "sources": {name: {"content": text} for name, text in sorted(gather().items())},
        "settings": {**SETTINGS, "outputSelection": {"*": {"*": OUTPUT, "": ["ast"]}}},
    }
    program = toolchain.solc()
    try:
        answer: dict[str, Any] = solcx.compile_standard(asked, solc_binary=program)
    except SolcError as error:
        raise CompilerError(f"solc refuses the contracts:\n{error}") from None
    return answer | {"version": str(solcx.wrapper.get_solc_version(program, with_commit_hash=True))}


def gather() -> dict[str, str]:
    """All sources, by the names under which they import each other."""
    sources: dict[str, str] = {}
    waiting = [f"src/{name}.sol" for name in CONTRACTS]
    while waiting:
        name = waiting.pop()
        if name in sources:
            continue
        path = (LIBRARIES if name.startswith("@") else SOURCES.parent) / name
        sources[name] = path.read_text(encoding="utf-8")
        for target in _IMPORT.findall(sources[name]):
            waiting.append(_resolved(Path(name).parent, target) if target.startswith(".") else target)
    return sources


def artifact(name: str, compiled: dict[str, Any], version: str) -> str:
    """What is kept of one contract: ABI, code, the holes that its immutables fill, and what people read."""
    deployed = compiled["evm"]["deployedBytecode"]
    holes = [hole for holes in deployed["immutableReferences"].values() for hole in holes]
    content = {
        "contract": name,
        "compiler": {"version": version, "settings": SETTINGS},
        "abi": compiled["abi"],
        "notices": notices(compiled),
        "bytecode": "0x" + compiled["evm"]["bytecode"]["object"],
        "deployedBytecode": "0x" + deployed["object"],
        "immutables": sorted([hole["start"], hole["length"]] for hole in holes),
    }
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


def notices(compiled: dict[str, Any]) -> dict[str, str]:
    """What each function, event and error means to people, by its signature, from the NatSpec comments."""
    user, developer = compiled["userdoc"], compiled["devdoc"]
    found: dict[str, str] = {}
    for part in ("methods", "events", "errors"):
        for signature, entry in {**developer.get(part, {}), **user.get(part, {})}.items():
            doc = entry[0] if isinstance(entry, list) else entry
            if text := doc.get("notice") or doc.get("details"):
                found[signature] = " ".join(text.split())
    return dict(sorted(found.items()))


def _resolved(folder: Path, target: str) -> str:
    parts: list[str] = []
    for part in (folder / target).parts:
        if part == "..":
            parts.pop()
        elif part != ".":
            parts.append(part)
    return "/".join(parts)


def main() -> None:
    """Write the artefacts, and say which ones changed."""
    ARTIFACTS.mkdir(exist_ok=True)
    for name, text in compile_contracts().items():
        path = ARTIFACTS / f"{name}.json"
        changed = not path.exists() or path.read_text(encoding="utf-8") != text
        path.write_text(text, encoding="utf-8")
        sys.stdout.write(f"{path.name}: {'written anew' if changed else 'as it was'}\n")


if __name__ == "__main__":
    main()
