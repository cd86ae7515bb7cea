import logging
from collections.abc import Iterator

import structlog
from pytest import fixture


@fixture(autouse=True)
def quiet() -> Iterator[None]:
    """Thousands of transitions are driven here: nobody reads their log."""
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    yield
    structlog.configure(**before)
