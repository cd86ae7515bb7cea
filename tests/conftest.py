"""What all tests share: how thorough property tests are, and that none has a deadline."""

from hypothesis import settings

settings.register_profile("usual", deadline=None)
settings.load_profile("usual")
settings.register_profile("long", max_examples=2_000, deadline=None)
"""For `make test-long`: twenty times the examples of `make test`."""


def thorough(usually: int, long: int) -> int:
    """How many examples a test draws that sets their number by itself."""
    return long if settings.get_current_profile_name() == "long" else usually
