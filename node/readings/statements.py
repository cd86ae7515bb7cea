"""SQL that folds samples into rollups, and that reads registers out of both, for SQLite and PostgreSQL.

Written with SQLite's placeholder, `?`. What is put into a text here is a column's name or a number, never
what somebody gave us.
"""

from __future__ import annotations

from node.readings.interface import Level
from node.readings.rollups import FINER, FOLDED, MEASURED

BUCKET = "at, samples, counted, lowest, total, highest, forward_from, forward, reverse_from, reverse"
"""The columns of a rollup, but for its level and meter."""

KEPT = tuple(name.strip() for name in BUCKET.split(",")[1:])

ANEW = (
    f"ON CONFLICT (level, meter, at) DO UPDATE SET {', '.join(f'{name} = excluded.{name}' for name in KEPT)} "
    "WHERE excluded.samples >= rollups.samples"
)
"""A bucket that is there is replaced, but not by one of fewer samples: some may be deleted by age."""


def newest_by(register: str, meter: int) -> str:
    """A meter's newest value of a register by `asked.moment`, in SQL: of a sample, else of a bucket."""
    having = f"meter = {meter:d} AND forward IS NOT NULL AND reverse IS NOT NULL"
    samples = (
        f"(SELECT {register} FROM samples WHERE {having} AND taken <= moment "  # noqa: S608
        "ORDER BY taken DESC, batch DESC LIMIT 1)"
    )
    buckets = (
        f"(SELECT {register} FROM rollups WHERE level = {level:d} AND {having} AND at <= moment - {level:d} "  # noqa: S608
        "ORDER BY at DESC LIMIT 1)"
        for level in Level
    )
    return f"coalesce({', '.join((samples, *buckets))})"


def places(count: int) -> str:
    """Placeholders for so many values."""
    return ", ".join("?" * count)


def _made_of(level: Level) -> tuple[str, str, str, str]:
    """Out of what a level is folded, in SQL: column of time, table, condition, columns of a bucket."""
    finer = FINER.get(level)
    if finer is None:
        return "taken", "samples", "TRUE", MEASURED
    return "at", "rollups", f"level = {finer:d}", FOLDED


def folding(level: Level, meters: int) -> str:
    """Make the buckets of a level for so many meters; it takes their ids, start and end."""
    time, source, which, columns = _made_of(level)
    return (
        f"INSERT INTO rollups (level, meter, {BUCKET}) "  # noqa: S608
        f"SELECT {level:d}, meter, {time} / {level:d} * {level:d} AS bucket, {columns} FROM {source} "
        f"WHERE {which} AND meter IN ({places(meters)}) AND {time} >= ? AND {time} < ? "
        f"GROUP BY meter, bucket {ANEW}"
    )


def backfill(level: Level) -> str:
    """The statement of the migration that makes rollups of what is there."""
    time, source, which, columns = _made_of(level)
    return f"""
    INSERT INTO rollups (level, meter, {BUCKET})
    SELECT {level:d}, source.meter, {time} / {level:d} * {level:d} AS bucket, {columns}
    FROM {source} AS source JOIN (SELECT meter, max(taken) AS ended FROM samples GROUP BY meter) AS newest
         ON newest.meter = source.meter
    WHERE {which} AND {time} < newest.ended / {level:d} * {level:d}
    GROUP BY source.meter, bucket;
    """  # noqa: S608


def _unrolled(level: Level) -> str:
    """When a meter's first bucket begins that is not kept, in SQL: after the last, or with what is finer."""
    finer = "".join(
        f"(SELECT min(at) FROM rollups WHERE level = {each:d} AND meter = meters.id), "  # noqa: S608
        for each in reversed(Level)
        if each < level
    )
    return (
        f"coalesce((SELECT max(at) + {level:d} FROM rollups WHERE level = {level:d} AND meter = meters.id), "  # noqa: S608
        f"{finer}(SELECT min(taken) FROM samples WHERE meter = meters.id))"
    )


ROLLED = (
    "SELECT id, (SELECT max(taken) FROM samples WHERE meter = meters.id), "  # noqa: S608
    f"{', '.join(map(_unrolled, Level))} FROM meters"
)
"""Of each meter its newest sample, and where each level goes on."""
