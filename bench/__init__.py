"""Figures of speed and size, each beside a peer or the floor from the same run. `make bench` runs them."""
