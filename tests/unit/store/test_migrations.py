"""What counts as a migration that only adds."""

from __future__ import annotations

import pytest

from store.migrations import ONLY_ADDS, goes_on, only_adds

ADDS = f"""{ONLY_ADDS}
CREATE TABLE t (n INTEGER NOT NULL, m TEXT); -- a new one; with two columns
CREATE INDEX t_n ON t (n);
ALTER TABLE u ADD COLUMN o INTEGER;
ALTER TABLE u ADD COLUMN p INTEGER NOT NULL DEFAULT 0;
"""


def test_tables_indices_and_columns_are_additions() -> None:
    assert only_adds(ADDS)
    assert not only_adds(ADDS.removeprefix(ONLY_ADDS))


@pytest.mark.parametrize(
    "statement",
    [
        "DROP TABLE t",
        "UPDATE t SET n = 1",
        "ALTER TABLE t RENAME TO u",
        "ALTER TABLE t DROP COLUMN n",
        "ALTER TABLE t ADD COLUMN n INTEGER NOT NULL",
        "CREATE UNIQUE INDEX i ON t (n)",
        "CREATE TRIGGER g AFTER INSERT ON t BEGIN DELETE FROM t",
    ],
)
def test_what_the_release_before_could_not_live_with_is_none(statement: str) -> None:
    with pytest.raises(ValueError, match="does not only add"):
        only_adds(f"{ADDS}{statement};")


def test_the_oldest_that_goes_on_is_the_last_that_did_more_than_add() -> None:
    assert goes_on([]) == 0
    assert goes_on(["a", "b"]) == 2
    assert goes_on(["a", "b", ADDS, ADDS]) == 2
    assert goes_on(["a", "b", ADDS, "c"]) == 4
