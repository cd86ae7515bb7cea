"""The `readings:` section."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from node.readings.settings import ReadingsSettings


def test_the_default_is_sqlite_once_a_second() -> None:
    assert (ReadingsSettings().url, ReadingsSettings().sample) == (None, 1.0)


def test_a_server_is_named_without_its_password() -> None:
    url = "postgresql://birch@db/readings?passfile=/etc/commonwatt/db.pass"
    assert ReadingsSettings(url=url).url == url
    with pytest.raises(ValidationError, match=r"passfile=/path/to/it"):
        ReadingsSettings(url="postgresql://birch:secret@db/readings")


@pytest.mark.parametrize(
    "wrong",
    [
        {"url": "mysql://db"},
        {"url": "readings.db"},
        {"batch": "2 h"},
        {"sync": "11 s"},
        {"spool_mb": 0},
        {"sample": "1 ms"},
        {"keep_days": 0},
    ],
)
def test_a_wrong_value_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        ReadingsSettings.model_validate(wrong)
