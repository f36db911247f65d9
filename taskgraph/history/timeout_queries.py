"""The questions about runs and their timeouts, in SQL.

``SEEN`` makes a table of the subtasks of one bucket, ``RUNS`` one of the runs that show
something of how long the work takes, ``GROUPS`` gives what they are for each kind of
subtask. ``LEVELS`` makes a table of the timeouts that they had, ``COUNTS`` counts the runs
with at least each, ``RANKED`` gives the run of a rank among those, and ``KILLS`` counts
those longer than a limit; the last two read from a table ``ranks``.
"""

from __future__ import annotations

from taskgraph.model.engine import SECOND, SpanKind

__all__ = ["COUNTS", "GROUPS", "KILLS", "LEVELS", "RANKED", "RUNS", "SEEN"]

SEEN = """
CREATE TABLE seen AS
SELECT {task} AS task, name, as_of, span, span_us, status, operation, attempts, timeout
FROM (
    SELECT * FROM subtasks
    WHERE md5_number_lower(name) % $buckets::UBIGINT = $bucket::UBIGINT
) JOIN current USING (part, task_row)
"""

# Timeouts may be any number of 64 bits, so they are never multiplied.
# A run is healthy, was cut though it may have been, or hung; or it is not known.
RUNS = f"""
CREATE TABLE runs AS
WITH timed AS (
    SELECT
        task, name, span_us, span = '{SpanKind.ONE_RUN}' AS is_one,
        is_one AND status = 'SUCCESSFUL' AS is_healthy,
        is_one AND status = 'FAILED' AS is_failed,
        greatest(coalesce(timeout, 0), 0) AS timeout,
        timeout > 0 AND span_us // {SECOND} >= timeout AS is_late
    FROM seen
    WHERE span IN ('{SpanKind.ONE_RUN}', '{SpanKind.SEVERAL_RUNS}') AND span_us IS NOT NULL
), judged AS (
    SELECT
        *,
        max(span_us) FILTER (is_healthy) OVER kind AS reach,
        count(*) FILTER (is_failed AND is_late) OVER kind AS failed_late,
        count(*) FILTER (is_failed AND NOT is_late) OVER kind AS failed_early,
        count(*) FILTER (
            is_healthy AND timeout > 0 AND 2 * span_us // {SECOND} >= timeout
        ) OVER kind AS near,
        count(*) FILTER (NOT is_one AND is_late) OVER kind AS several
    FROM timed
    WINDOW kind AS (PARTITION BY task, name)
)
SELECT
    task, name, timeout, span_us,
    CASE
        WHEN is_healthy THEN 'healthy'
        WHEN is_one AND (reach IS NULL OR 2 * reach // {SECOND} >= timeout) THEN 'cut'
        WHEN is_one THEN 'hung'
        WHEN coalesce(2 * reach // {SECOND} < timeout, failed_late = 0) THEN 'unknown'
        WHEN failed_late + failed_early > 0 AND failed_late >= failed_early THEN 'cut'
        WHEN failed_late + failed_early = 0 AND near >= several THEN 'cut'
        ELSE 'unknown'
    END AS what
FROM judged
WHERE is_healthy OR (is_late AND (is_failed OR NOT is_one))
"""

GROUPS = """
SELECT
    task, name, latest.timeout, retried, coalesce(runs, 0), longest,
    coalesce(cut, 0), coalesce(hung, 0), coalesce(unknown, 0), cut_at
FROM (
    SELECT
        task, name,
        max({'a': as_of, 'timeout': timeout}) FILTER (timeout IS NOT NULL) AS latest,
        count(*) FILTER (operation = 'RETRY' OR attempts > 1) AS retried
    FROM seen GROUP BY task, name
) LEFT JOIN (
    SELECT
        task AS of_task, name AS of_name,
        count(*) FILTER (what = 'healthy') AS runs,
        max(span_us) FILTER (what = 'healthy') AS longest,
        count(*) FILTER (what = 'cut') AS cut,
        count(*) FILTER (what = 'hung') AS hung,
        count(*) FILTER (what = 'unknown') AS unknown,
        max(timeout) FILTER (what = 'cut') AS cut_at
    FROM runs GROUP BY task, name
) ON task IS NOT DISTINCT FROM of_task AND name = of_name
"""

# The timeouts that runs had, the most frequent ones; 0 is none.
LEVELS = """
CREATE TABLE levels AS
SELECT task, name, timeout AS level FROM runs
GROUP BY task, name, timeout
QUALIFY row_number() OVER (PARTITION BY task, name ORDER BY count(*) DESC, timeout) <= 8
"""

_ABOVE = """
FROM runs JOIN {levels} AS levels
    ON runs.task IS NOT DISTINCT FROM levels.task AND runs.name = levels.name
    AND (runs.timeout = 0 OR (levels.level > 0 AND runs.timeout >= levels.level))
WHERE what NOT IN ('hung', 'unknown')
"""

COUNTS = f"""
SELECT runs.task, runs.name, level, count(*), count(*) FILTER (what = 'cut')
{_ABOVE.format(levels="levels")}
GROUP BY ALL
"""

# What was cut is longer than all; a limit must lie where nothing was cut.
RANKED = f"""
SELECT task, name, runs, rank, span_us FROM (
    SELECT
        runs.task, runs.name, levels.level, levels.runs, levels.rank, levels.cut,
        span_us, what,
        row_number() OVER (
            PARTITION BY runs.task, runs.name, levels.level
            ORDER BY what = 'cut', span_us
        ) AS place
    {_ABOVE.format(levels="ranks")}
)
WHERE place = rank AND what = 'healthy'
    AND (cut = 0 OR level = 0 OR span_us // {SECOND} < level)
"""

KILLS = f"""
SELECT runs.task, runs.name, count(*)
FROM runs JOIN ranks AS advice
    ON runs.task IS NOT DISTINCT FROM advice.task AND runs.name = advice.name
WHERE what = 'healthy' AND (span_us - 1) // {SECOND} >= advice.level
GROUP BY ALL
"""
