"""`python -m bench [--json] [NAME …]`: run benchmarks by name, or all of them.

A benchmark is a module here with `main() -> None`; it prints its figures, some as JSON with
`main(as_json=True)`. Nothing is asserted: a figure that misses its target is printed as such, for people to
judge.
"""

from __future__ import annotations

import importlib
import sys

NAMES = ("chain", "energy", "money", "neighbourhood", "pages", "readings", "relay", "thrift", "year")
AS_JSON = ("relay",)
"""Those that can also print one JSON object."""


def main(words: list[str]) -> int:
    """Run what was named."""
    as_json = "--json" in words
    names = [word for word in words if word != "--json"]
    unknown = sorted(set(names) - set(NAMES))
    if unknown:
        print(f"there is no benchmark {unknown[0]!r}; there are: {', '.join(NAMES)}", file=sys.stderr)
        return 64
    if as_json and not (names and set(names) <= set(AS_JSON)):
        print(f"as JSON there is: {', '.join(AS_JSON)}", file=sys.stderr)
        return 64
    for name in names or NAMES:
        module = importlib.import_module(f"bench.{name}")
        if as_json:
            module.main(as_json=True)
            continue
        print(f"== {name}", flush=True)
        module.main()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
