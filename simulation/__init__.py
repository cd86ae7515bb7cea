"""The physical world behind simulated drivers, and a neighbourhood of real processes in it."""
