"""What is still said that is not so: why, and the smallest example.

``python -m benchmarks.claims --known --photos 3000`` prints this module anew.
"""

from __future__ import annotations

from typing import Final

__all__ = ["KNOWN_FALSE", "KNOWN_OF_OBSHELL"]


KNOWN_FALSE: Final[dict[str, dict[str, int]]] = {
    "at-work": {
        "it is being cancelled": 812,
    },
    "blocked": {
        "it rolls back, which the document does not tell": 1139,
    },
    "budget": {
        "beaten by automatic retry": 2860,
        "beaten by busy workers": 2860,
        "beaten by concurrency": 2814,
        "beaten by hanging cancel": 1348,
        "beaten by late polls": 2860,
        "beaten by missed deadline": 2860,
        "beaten by ordinary polls": 2860,
        "beaten by person": 1655,
        "beaten by repeating for good": 349,
        "beaten by standing still": 1684,
        "it ends before what is told as the latest end": 2198,
    },
    "budget-unbounded": {
        "it has a limit, which the document does not tell": 876,
    },
    "cancel": {
        "it is being cancelled already": 2048,
        "it may hang": 874,
    },
    "cause-no-timeout": {
        "ended by poll": 3,
    },
    "cause-over-timeout": {
        "ended by deadline": 2624,
    },
    "counts": {
        "in lower case": 2363,
        "it counts as at work what is being cancelled": 812,
        "it counts as undone what was left in place": 967,
        "it rolls back, which the document does not tell": 1139,
    },
    "critical-share": {
        "all is behind it though some is left": 866,
    },
    "ended": {
        "in lower case": 2461,
    },
    "fail-late": {
        "beaten by automatic retry": 1075,
        "beaten by busy workers": 2198,
        "beaten by late polls": 1169,
        "beaten by missed deadline": 269,
        "beaten by ordinary polls": 269,
    },
    "ideal": {
        "pauses count as work, which nothing says": 1192,
    },
    "ideal-exceeds-wall": {
        "in lower case": 1358,
        "pauses explain it, no clocks": 846,
        "there is one clock, and every step waited": 1988,
    },
    "inconsistent": {
        "TG201 is a false alarm": 547,
        "in lower case": 2363,
    },
    "left": {
        "beaten by automatic retry": 2860,
        "beaten by busy workers": 2860,
        "beaten by concurrency": 2814,
        "beaten by hanging cancel": 1348,
        "beaten by late polls": 811,
        "beaten by missed deadline": 2860,
        "beaten by ordinary polls": 2860,
        "beaten by person": 1655,
        "beaten by repeating for good": 349,
        "beaten by standing still": 1684,
    },
    "nearest": {
        "another is nearer, whose last start is unknown": 1641,
        "it is not at work": 875,
    },
    "no-point-of-no-return": {
        "in lower case": 2708,
        "the task itself prohibits rollback": 1655,
    },
    "no-return": {
        "beaten by automatic retry": 353,
        "beaten by busy workers": 677,
        "beaten by concurrency": 163,
        "beaten by hanging cancel": 1483,
        "beaten by late polls": 1287,
        "beaten by missed deadline": 913,
        "beaten by ordinary polls": 2273,
        "beaten by person": 913,
        "beaten by standing still": 310,
        "in lower case": 2133,
        "the task itself prohibits rollback": 378,
    },
    "nothing-to-retry": {
        "something failed before": 2343,
    },
    "page: Done": {
        "in lower case": 126,
        "it rolls back, which the document does not tell": 1139,
    },
    "page: Left at worst": {
        "beaten by automatic retry": 2860,
        "beaten by busy workers": 2860,
        "beaten by concurrency": 2814,
        "beaten by hanging cancel": 1348,
        "beaten by late polls": 811,
        "beaten by missed deadline": 2860,
        "beaten by ordinary polls": 2860,
        "beaten by person": 1655,
        "beaten by repeating for good": 349,
        "beaten by standing still": 1684,
    },
    "page: Point of no return": {
        "in lower case": 2133,
        "the task itself prohibits rollback": 1655,
    },
    "page: Ran": {
        "in lower case": 126,
    },
    "page: Undone": {
        "it counts as undone what never began or was left in place": 2787,
    },
    "page: Worst case": {
        "beaten by automatic retry": 2860,
        "beaten by busy workers": 2860,
        "beaten by concurrency": 2814,
        "beaten by hanging cancel": 1348,
        "beaten by late polls": 2860,
        "beaten by missed deadline": 2860,
        "beaten by ordinary polls": 2860,
        "beaten by person": 1655,
        "beaten by repeating for good": 349,
        "beaten by standing still": 1684,
        "it has a limit, which the document does not tell": 876,
    },
    "parts": {
        "a part of the time is negative": 846,
        "in lower case": 1358,
    },
    "ran-on": {
        "it was not at work then": 613,
    },
    "releases": {
        "it rolls back, which the document does not tell": 1139,
    },
    "retried-meanwhile": {
        "in lower case": 115,
        "it never failed": 839,
        "it ran once": 2183,
    },
    "retry-accepted": {
        "beaten by automatic retry": 677,
        "beaten by busy workers": 599,
        "beaten by concurrency": 2279,
        "beaten by hanging cancel": 2160,
        "beaten by late polls": 599,
        "beaten by missed deadline": 599,
        "beaten by ordinary polls": 599,
        "beaten by person": 2624,
        "beaten by repeating for good": 114,
        "beaten by standing still": 21,
        "in a rollback it repeats for good": 1675,
        "it has a limit, which the document does not tell": 1531,
        "the engine refuses": 1139,
    },
    "rollback-accepted": {
        "beaten by automatic retry": 2209,
        "beaten by busy workers": 33,
        "beaten by concurrency": 2685,
        "beaten by late polls": 33,
        "beaten by missed deadline": 33,
        "beaten by ordinary polls": 33,
        "beaten by person": 1386,
        "beaten by standing still": 2283,
        "it has a limit, which the document does not tell": 630,
        "the engine refuses, which the document does not tell": 2518,
    },
    "rollback-if-failed": {
        "it could not, which the document does not tell": 876,
    },
    "rollback-loses": {
        "pauses count as work, which nothing says": 613,
    },
    "rollback-refused": {
        "in lower case": 2133,
    },
    "root-failure": {
        "another number of attempts": 2034,
    },
    "running": {
        "it is being cancelled": 812,
    },
    "several-runs": {
        "in lower case": 126,
        "it ran once": 2172,
    },
    "show: Left": {
        "beaten by automatic retry": 2860,
        "beaten by busy workers": 2860,
        "beaten by concurrency": 2814,
        "beaten by hanging cancel": 1348,
        "beaten by late polls": 811,
        "beaten by missed deadline": 2860,
        "beaten by ordinary polls": 2860,
        "beaten by person": 1655,
        "beaten by repeating for good": 349,
        "beaten by standing still": 1684,
    },
    "show: No return": {
        "in lower case": 2133,
        "the task itself prohibits rollback": 1655,
    },
    "show: Progress": {
        "in lower case": 126,
        "it counts as undone what never began or was left in place": 2139,
        "it rolls back, which the document does not tell": 1139,
    },
    "show: Ran": {
        "in lower case": 126,
    },
    "show: Worst case": {
        "beaten by automatic retry": 2860,
        "beaten by busy workers": 2860,
        "beaten by concurrency": 2814,
        "beaten by hanging cancel": 1348,
        "beaten by late polls": 2860,
        "beaten by missed deadline": 2860,
        "beaten by ordinary polls": 2860,
        "beaten by person": 1655,
        "beaten by repeating for good": 349,
        "beaten by standing still": 1684,
        "it has a limit, which the document does not tell": 876,
    },
    "skip-accepted": {
        "beaten by automatic retry": 66,
        "beaten by busy workers": 1531,
        "beaten by concurrency": 2279,
        "beaten by hanging cancel": 2160,
        "beaten by late polls": 1531,
        "beaten by missed deadline": 2894,
        "beaten by ordinary polls": 2174,
        "beaten by person": 2894,
        "beaten by repeating for good": 114,
        "beaten by standing still": 21,
        "in a rollback it leaves the work in place": 1139,
        "it has a limit, which the document does not tell": 137,
        "the engine refuses, which the document does not tell": 1239,
    },
    "verdict": {
        "in lower case": 126,
        "it counts as done what was skipped": 1968,
        "it counts as undone what never began or was left in place": 2139,
        "it rolls back, which the document does not tell": 1139,
        "it stands still, which nothing says": 1209,
        "something failed before": 2506,
        "the work of some was left in place": 495,
    },
    "wall": {
        "in lower case": 126,
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
