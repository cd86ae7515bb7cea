"""What all tests share: how thorough property tests are. None has a deadline: speed is no property of ours."""

from hypothesis import settings

settings.register_profile("usual", deadline=None)
settings.register_profile("long", max_examples=2_000, deadline=None)
"""For `make test-long`: twenty times the examples of `make test`."""

settings.load_profile("usual")
