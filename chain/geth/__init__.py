"""Geth from its pinned source: go.mod names the version, go.sum the hash of everything it is built from."""
