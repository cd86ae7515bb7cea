"""Integration tests of the simulation: one real world process, or real child processes."""
