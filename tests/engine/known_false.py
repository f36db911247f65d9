"""What is still said that is not so: why, and the smallest example.

``python -m benchmarks.claims --known --photos 3000`` prints this module anew.
"""

from __future__ import annotations

from typing import Final

__all__ = ["KNOWN_FALSE", "KNOWN_OF_OBSHELL"]


KNOWN_FALSE: Final[dict[str, dict[str, int]]] = {
    "at-work": {
        "it is being cancelled": 58,
    },
    "blocked": {
        "it rolls back, which the document does not tell": 24,
    },
    "budget": {
        "beaten by automatic retry": 5,
        "beaten by busy workers": 33,
        "beaten by hanging cancel": 48,
        "beaten by late polls": 15,
        "beaten by missed deadline": 15,
        "beaten by ordinary polls": 41,
        "beaten by person": 15,
        "it ends before what is told as the latest end": 19,
    },
    "budget-unbounded": {
        "it has a limit, which the document does not tell": 32,
    },
    "cancel": {
        "it may hang": 32,
    },
    "cause-no-timeout": {
        "ended by poll": 3,
    },
    "cause-over-timeout": {
        "ended by deadline": 36,
    },
    "counts": {
        "it counts as at work what is being cancelled": 58,
        "it counts as undone what was left in place": 57,
        "it rolls back, which the document does not tell": 24,
    },
    "fail-late": {
        "beaten by busy workers": 4,
    },
    "ideal-exceeds-wall": {
        "pauses explain it, no clocks": 57,
    },
    "inconsistent": {
        "TG201 is a false alarm": 53,
    },
    "left": {
        "beaten by automatic retry": 5,
        "beaten by busy workers": 19,
        "beaten by hanging cancel": 48,
        "beaten by late polls": 41,
        "beaten by missed deadline": 48,
        "beaten by ordinary polls": 58,
        "beaten by person": 58,
    },
    "no-point-of-no-return": {
        "the task itself prohibits rollback": 55,
    },
    "no-return": {
        "beaten by busy workers": 1,
        "beaten by hanging cancel": 1,
        "beaten by person": 26,
    },
    "nothing-to-retry": {
        "something failed before": 58,
    },
    "page: Done": {
        "it rolls back, which the document does not tell": 24,
    },
    "page: Left at worst": {
        "beaten by automatic retry": 5,
        "beaten by busy workers": 19,
        "beaten by hanging cancel": 48,
        "beaten by late polls": 41,
        "beaten by missed deadline": 48,
        "beaten by ordinary polls": 58,
        "beaten by person": 58,
    },
    "page: Point of no return": {
        "the task itself prohibits rollback": 55,
    },
    "page: Undone": {
        "it counts as undone what never began or was left in place": 58,
    },
    "page: Worst case": {
        "beaten by automatic retry": 5,
        "beaten by busy workers": 33,
        "beaten by hanging cancel": 48,
        "beaten by late polls": 15,
        "beaten by missed deadline": 15,
        "beaten by ordinary polls": 41,
        "beaten by person": 15,
        "it has a limit, which the document does not tell": 32,
    },
    "parts": {
        "a part of the time is negative": 6,
    },
    "releases": {
        "it rolls back, which the document does not tell": 24,
    },
    "retry-accepted": {
        "beaten by automatic retry": 21,
        "beaten by busy workers": 33,
        "beaten by concurrency": 9,
        "beaten by late polls": 33,
        "beaten by missed deadline": 33,
        "beaten by ordinary polls": 33,
        "beaten by person": 36,
        "beaten by standing still": 21,
        "it has a limit, which the document does not tell": 27,
        "the engine refuses": 24,
    },
    "rollback-accepted": {
        "beaten by busy workers": 33,
        "beaten by late polls": 33,
        "beaten by missed deadline": 33,
        "beaten by ordinary polls": 33,
        "beaten by person": 21,
        "beaten by standing still": 21,
    },
    "rollback-if-failed": {
        "it could not, which the document does not tell": 27,
    },
    "rollback-loses": {
        "pauses count as work, which nothing says": 6,
    },
    "several-runs": {
        "it ran once": 9,
    },
    "show: Left": {
        "beaten by automatic retry": 5,
        "beaten by busy workers": 19,
        "beaten by hanging cancel": 48,
        "beaten by late polls": 41,
        "beaten by missed deadline": 48,
        "beaten by ordinary polls": 58,
        "beaten by person": 58,
    },
    "show: No return": {
        "the task itself prohibits rollback": 55,
    },
    "show: Progress": {
        "it counts as undone what never began or was left in place": 58,
        "it rolls back, which the document does not tell": 24,
    },
    "show: Worst case": {
        "beaten by automatic retry": 5,
        "beaten by busy workers": 33,
        "beaten by hanging cancel": 48,
        "beaten by late polls": 15,
        "beaten by missed deadline": 15,
        "beaten by ordinary polls": 41,
        "beaten by person": 15,
        "it has a limit, which the document does not tell": 32,
    },
    "skip-accepted": {
        "beaten by automatic retry": 21,
        "beaten by busy workers": 33,
        "beaten by concurrency": 9,
        "beaten by late polls": 33,
        "beaten by missed deadline": 36,
        "beaten by ordinary polls": 36,
        "beaten by person": 36,
        "beaten by standing still": 21,
        "in a rollback it leaves the work in place": 24,
        "it has a limit, which the document does not tell": 24,
    },
    "verdict": {
        "it counts as undone what never began or was left in place": 58,
        "it rolls back, which the document does not tell": 24,
        "it stands still, which nothing says": 19,
        "something failed before": 56,
    },
}
"""For each kind of claim why it is false, each with a seed."""

KNOWN_OF_OBSHELL: Final[set[tuple[str, str]]] = {
    ("obshell: budget-unbounded", "the engine ends what takes 3600 s"),
    ("obshell: cancel", "only the whole DAG can be cancelled"),
    ("obshell: held-by", "a rule of the other engine"),
    ("obshell: ideal-exceeds-wall", "there is one clock, and every node waited"),
    ("obshell: left", "nothing bounds that but the 3600 s of the engine"),
    ("obshell: nothing-to-retry", "something failed before"),
    ("obshell: releases", "a rule of the other engine"),
    ("obshell: retried-meanwhile", "a rule of the other engine"),
    ("obshell: retry-accepted", "only the whole DAG can be retried"),
    ("obshell: retry-refused", "a rule of the other engine"),
    ("obshell: rollback-if-failed", "the document does not tell what can be rolled back"),
    ("obshell: rollback-only-failed", "a rule of the other engine"),
    ("obshell: skip-accepted", "only the whole DAG can be passed"),
    ("obshell: verdict", "something failed before"),
}
"""The same of the DAGs of obshell."""
