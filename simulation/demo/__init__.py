"""The demo: a neighbourhood that is built, run, watched and reported on by one command."""
