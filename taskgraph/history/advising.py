"""Which timeouts are too long or too short, by the runs that were measured.

A healthy run is proven to be one run and did its work. The advice for a subtask is a limit
that passes a share of all its healthy runs to come with a promised confidence, and a
margin on top: see :mod:`taskgraph.history.ranks`.

A run that was failed at its timeout is known only to be longer. It counts as healthy where
healthy runs came close to that timeout, from half of it on, or where there is none; else it
hung. What was retried or skipped and took longer than its timeout in all may have been cut
in its first run, or may have failed at once and been retried late: the document does not
tell. It counts as cut where of the failures that were left alone at least as many came at
the timeout as before it; where there are none, if it was not retried successfully and at
least as many healthy runs used more than half of their timeout, as the runs do whose tail
is cut. Such runs bound what can be said: the limit is sought among the runs whose timeout
left room for it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from taskgraph.analysis.past import TimeoutNeed
from taskgraph.errors import ConfigError
from taskgraph.history.database import IN_BUCKET, WAS_RETRIED, Limits, map_shares, register
from taskgraph.history.defaults import CONFIDENCE, MARGIN, SHARE
from taskgraph.history.engines import Engine, needs_extras
from taskgraph.history.ranks import confidence_of, least_runs, limit_rank
from taskgraph.history.store import RunStore
from taskgraph.model.engine import SECOND, SpanKind

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection as Connection

_GENEROUS = 2
"""A timeout of up to so many times the advised one may stay."""
_LARGEST_MARGIN = 100
_NEXT_STEP = 2  # times the timeout that cut: then one sees
_STEPS = ((60, 5), (600, 30), (7200, 300))  # up to so many seconds, round up to such a step
_COARSEST = 3600
_RANKS = {"task": "string", "name": "string"}
_RANKS |= dict.fromkeys(("level", "runs", "rank", "cut"), "int64")


class TimeoutVerdict(StrEnum):
    """What to do about a timeout."""

    LOWER = "lower"
    KEEP = "keep"
    RAISE = "raise"
    SET = "set"
    LOOK = "look into it"
    TOO_FEW = "too few runs"


@dataclass(frozen=True, slots=True)
class AdviceOptions:
    """What the advice must promise.

    Attributes
    ----------
    share : float
        Of the healthy runs to come that must pass.
    confidence : float
        Of that promise.
    margin : float
        What to add to the limit, as a share of it.
    across_tasks : bool
        Take the runs of a subtask in all kinds of tasks together.
    """

    share: float = SHARE
    confidence: float = CONFIDENCE
    margin: float = MARGIN
    across_tasks: bool = False

    def __post_init__(self) -> None:
        for name in ("share", "confidence"):
            if not 0 < getattr(self, name) < 1:
                text = f"the {name} must be between 0 and 1, not {getattr(self, name)}"
                raise ConfigError(text)
        if math.isnan(self.margin) or not 0 <= self.margin <= _LARGEST_MARGIN:
            most = 100 * _LARGEST_MARGIN
            given = 100 * self.margin
            raise ConfigError(f"the margin must be from 0 to {most} %, not {given:g} %")


class Advice(NamedTuple):
    """The advice for one kind of subtask.

    Attributes
    ----------
    task : str or None
        ``None`` for all kinds of tasks.
    timeout : int or None
        Seconds, in the latest document, or in the one that is judged; ``None`` and 0 are
        no limit.
    advised : int or None
        Seconds; ``None`` where there are too few runs.
    is_next_step : bool
        The runs do not show how long is long enough, for too many were cut: `advised` is
        twice the timeout that cut them, to be raised again or found enough.
    runs : int
        Healthy runs that were measured.
    needed : int
        How many the promise needs.
    cut : int
        Runs that their timeout may have killed though they were healthy.
    hung : int
        Runs that were failed at their timeout when healthy runs were long over.
    unknown : int
        Subtasks that were retried or skipped and took longer than their timeout in all:
        whether it ended their first run is not exported, and nothing else speaks for it.
    retried : int
        Subtasks with several attempts, split unknown: none of them is a measured run.
    limit_us : int or None
        Microseconds that pass the share of runs, without the margin.
    longest_us : int or None
        Microseconds of the longest healthy run.
    confidence : float or None
        With which `limit_us` does so.
    would_kill : int or None
        Healthy runs longer than the advice.
    frees : int or None
        Seconds by which the advice shortens the worst case of an attempt; negative where
        it is longer.
    """

    task: str | None
    subtask: str
    verdict: TimeoutVerdict
    timeout: int | None
    advised: int | None = None
    is_next_step: bool = False
    runs: int = 0
    needed: int = 0
    cut: int = 0
    hung: int = 0
    unknown: int = 0
    retried: int = 0
    limit_us: int | None = None
    longest_us: int | None = None
    confidence: float | None = None
    would_kill: int | None = None
    frees: int | None = None


def judged(advice: Advice, timeout: int | None) -> Advice:
    """Give the verdict on a timeout in seconds by what the runs showed.

    The advice has the limit, if there is one, and what is advised.
    """
    limit = 0 if timeout is None else max(timeout, 0)
    need = need_of(advice)
    if need is None:
        verdict = (
            TimeoutVerdict.LOOK
            if advice.cut and not advice.runs
            else TimeoutVerdict.TOO_FEW
        )
        return advice._replace(timeout=timeout, verdict=verdict, frees=None)
    verdict = TimeoutVerdict.KEEP
    if need.is_short(limit):
        verdict = TimeoutVerdict.RAISE
    elif limit == 0 and need.limit_us is not None:
        verdict = TimeoutVerdict.SET
    elif need.is_long(limit, _GENEROUS):
        verdict = TimeoutVerdict.LOWER
    return advice._replace(
        timeout=timeout,
        verdict=verdict,
        is_next_step=advice.limit_us is None and verdict is TimeoutVerdict.RAISE,
        frees=limit - need.advised
        if limit and verdict is not TimeoutVerdict.KEEP
        else None,
    )


def need_of(advice: Advice) -> TimeoutNeed | None:
    """Give what healthy runs need; ``None`` where too few runs tell."""
    if advice.advised is None:
        return None
    runs, cut, limit, longest = advice.runs, advice.cut, advice.limit_us, advice.longest_us
    return TimeoutNeed(runs, cut, limit, longest, advice.advised)


@needs_extras
def advise_timeouts(
    store: RunStore,
    options: AdviceOptions | None = None,
    *,
    engine: Engine | None = None,
    limits: Limits | None = None,
) -> tuple[Advice, ...]:
    """Advise on the timeout of every kind of subtask, by task and subtask.

    This process does it unless there is an engine; see `map_shares`.
    """
    advise = partial(_advise, options=options or AdviceOptions())
    advice = map_shares(advise, store, engine, limits)
    return tuple(sorted(advice, key=lambda one: (one.task or "", one.subtask)))


class _Limit(NamedTuple):
    """A limit found among the runs with at least some timeout."""

    runs: int
    rank: int
    value: int


def _advise(
    connection: Connection, bucket: dict[str, int], options: AdviceOptions
) -> list[Advice]:
    task = "NULL::TEXT" if options.across_tasks else "task"
    connection.execute(_SEEN.format(task=task), bucket)
    connection.execute(_RUNS)
    limits = _find_limits(connection, options)
    rows = connection.execute(_GROUPS).fetchall()
    drafts = [_draft(row, limits.get(row[:2]), options) for row in rows]
    return _with_kills(connection, drafts)


def _find_limits(
    connection: Connection, options: AdviceOptions
) -> dict[tuple[str | None, str], _Limit]:
    """Find the limit of each group among the most runs that can show one."""
    connection.execute(_LEVELS)
    ranked = []
    for *group, runs, cut in connection.execute(_COUNTS).fetchall():
        rank = limit_rank(runs, options.share, options.confidence)
        if rank is not None:
            ranked.append((*group, runs, rank, cut))
    register(connection, "ranks", _RANKS, ranked)
    limits: dict[tuple[str | None, str], _Limit] = {}
    for task, name, runs, rank, value in connection.execute(_RANKED).fetchall():
        limit = _Limit(runs, rank, value)
        limits[task, name] = max(limits.get((task, name), limit), limit)
    return limits


def _draft(row: tuple[Any, ...], limit: _Limit | None, options: AdviceOptions) -> Advice:
    """Decide on a row of `_GROUPS`; who would be killed is counted later."""
    task, name, timeout, retried, runs, longest, cut, hung, unknown, cut_at = row
    needed = least_runs(options.share, options.confidence)
    advised = None
    if limit is not None:
        advised = _round_up(limit.value * (1 + options.margin) / SECOND)
    elif runs and cut_at is not None and runs + cut >= needed:
        advised = _NEXT_STEP * cut_at
    draft = Advice(
        task=task,
        subtask=name,
        verdict=TimeoutVerdict.TOO_FEW,
        timeout=timeout,
        advised=advised,
        runs=runs,
        needed=needed,
        cut=cut,
        hung=hung,
        unknown=unknown,
        retried=retried,
        limit_us=limit and limit.value,
        longest_us=longest,
        confidence=limit and confidence_of(limit.runs, limit.rank, options.share),
    )
    return judged(draft, timeout)


def _round_up(seconds: float) -> int:
    """Round up to a number that a person would choose."""
    step = next((step for bound, step in _STEPS if seconds <= bound), _COARSEST)
    return max(step, int(-(-seconds // step)) * step)


def _with_kills(connection: Connection, drafts: list[Advice]) -> list[Advice]:
    """Count the healthy runs that are longer than the advice."""
    advised = [(one.task, one.subtask, one.advised) for one in drafts]
    numbered = [(*row, 0, 0, 0) for row in advised if row[2] is not None]
    register(connection, "ranks", _RANKS, numbered)
    rows = connection.execute(_KILLS).fetchall()
    kills = {(task, name): count for task, name, count in rows}
    return [
        one
        if one.advised is None
        else one._replace(would_kill=kills.get((one.task, one.subtask), 0))
        for one in drafts
    ]


# The questions, for the subtasks of one bucket: a table of those, one of the runs that
# show something of how long the work takes, and what these are for each kind of subtask;
# then the timeouts that they had, the runs with at least each, the run of a rank among
# those, and those longer than a limit. The last two read from a table `ranks`.
_SEEN = f"""
CREATE OR REPLACE TABLE seen AS
SELECT {{task}} AS task, name, as_of, span, span_us, status, operation, attempts, timeout
FROM (SELECT * FROM subtasks WHERE {IN_BUCKET}) JOIN current USING (part, task_row)
"""

# Timeouts may be any number of 64 bits, so they are never multiplied.
# A run is healthy, was cut though it may have been, or hung; or it is not known.
_RUNS = f"""
CREATE OR REPLACE TABLE runs AS
WITH timed AS (
    SELECT
        task, name, span_us, span = '{SpanKind.ONE_RUN}' AS is_one,
        is_one AND status = 'SUCCESSFUL' AS is_healthy,
        is_one AND status = 'FAILED' AS is_failed,
        NOT is_one AND status = 'SUCCESSFUL' AND operation <> 'SKIP' AS is_mended,
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
        WHEN failed_late + failed_early = 0 AND near >= several AND NOT is_mended THEN 'cut'
        ELSE 'unknown'
    END AS what
FROM judged
WHERE is_healthy OR (is_late AND (is_failed OR NOT is_one))
"""

_GROUPS = f"""
SELECT
    task, name, latest.timeout, retried, coalesce(runs, 0), longest,
    coalesce(cut, 0), coalesce(hung, 0), coalesce(unknown, 0), cut_at
FROM (
    SELECT
        task, name,
        max({{'a': as_of, 'timeout': timeout}}) FILTER (timeout IS NOT NULL) AS latest,
        count(*) FILTER ({WAS_RETRIED}) AS retried
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
_LEVELS = """
CREATE OR REPLACE TABLE levels AS
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

_COUNTS = f"""
SELECT runs.task, runs.name, level, count(*), count(*) FILTER (what = 'cut')
{_ABOVE.format(levels="levels")}
GROUP BY ALL
"""

# What was cut is longer than all; a limit must lie where nothing was cut.
_RANKED = f"""
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

_KILLS = f"""
SELECT runs.task, runs.name, count(*)
FROM runs JOIN ranks AS advice
    ON runs.task IS NOT DISTINCT FROM advice.task AND runs.name = advice.name
WHERE what = 'healthy' AND (span_us - 1) // {SECOND} >= advice.level
GROUP BY ALL
"""
