"""`python -m bench [NAME …]`: run benchmarks by name, or all of them.

A benchmark is a module here with `main() -> None`; it prints its figures. Nothing is asserted: a figure that
misses its target is printed as such, for people to judge.
"""

from __future__ import annotations

import importlib
import sys

NAMES = ("chain", "money", "neighbourhood", "pages")


def main(names: list[str]) -> int:
    """Run what was named."""
    unknown = sorted(set(names) - set(NAMES))
    if unknown:
        print(f"there is no benchmark {unknown[0]!r}; there are: {', '.join(NAMES)}", file=sys.stderr)
        return 64
    for name in names or NAMES:
        print(f"== {name}", flush=True)
        importlib.import_module(f"bench.{name}").main()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
