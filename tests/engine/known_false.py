"""What is still said that is not so: why, and the smallest example.

``python -m benchmarks.claims --known`` prints the table anew.
"""

from __future__ import annotations

from typing import Final

__all__ = ["KNOWN_FALSE"]

KNOWN_FALSE: Final[dict[str, dict[str, int]]] = {
    "at-work": {
        "it is being cancelled": 197,
    },
    "blocked": {
        "it rolls back, which the document does not tell": 24,
    },
    "budget": {
        "beaten by automatic retry": 194,
        "beaten by busy workers": 269,
        "beaten by concurrency": 163,
        "beaten by hanging cancel": 194,
        "beaten by late polls": 269,
        "beaten by missed deadline": 269,
        "beaten by ordinary polls": 269,
        "beaten by person": 194,
        "beaten by standing still": 19,
        "it ends before what is told as the latest end": 19,
    },
    "budget-unbounded": {
        "it has a limit, which the document does not tell": 71,
    },
    "cancel": {
        "it is being cancelled already": 197,
        "it may hang": 32,
    },
    "cause-no-timeout": {
        "ended by poll": 3,
    },
    "cause-over-timeout": {
        "ended by deadline": 36,
    },
    "counts": {
        "in lower case": 126,
        "it counts as at work what is being cancelled": 197,
        "it counts as undone what was left in place": 57,
        "it rolls back, which the document does not tell": 24,
    },
    "fail-late": {
        "beaten by automatic retry": 230,
        "beaten by busy workers": 240,
        "beaten by missed deadline": 269,
        "beaten by ordinary polls": 269,
        "it cannot be rolled back": 48,
    },
    "ideal": {
        "pauses count as work, which nothing says": 127,
    },
    "ideal-exceeds-wall": {
        "pauses explain it, no clocks": 57,
        "there is one clock, and every step waited": 245,
    },
    "inconsistent": {
        "TG201 is a false alarm": 132,
        "in lower case": 126,
    },
    "left": {
        "beaten by automatic retry": 194,
        "beaten by busy workers": 269,
        "beaten by concurrency": 175,
        "beaten by hanging cancel": 194,
        "beaten by late polls": 153,
        "beaten by missed deadline": 269,
        "beaten by ordinary polls": 269,
        "beaten by person": 197,
        "beaten by standing still": 19,
    },
    "nearest": {
        "it is not at work": 112,
    },
    "no-point-of-no-return": {
        "the task itself prohibits rollback": 66,
    },
    "no-return": {
        "beaten by automatic retry": 218,
        "beaten by busy workers": 61,
        "beaten by concurrency": 163,
        "beaten by hanging cancel": 168,
        "beaten by late polls": 195,
        "beaten by missed deadline": 168,
        "beaten by ordinary polls": 168,
        "beaten by person": 168,
        "beaten by what it forgets": 124,
    },
    "nothing-to-retry": {
        "something failed before": 153,
    },
    "page: Done": {
        "in lower case": 126,
        "it rolls back, which the document does not tell": 24,
    },
    "page: Left at worst": {
        "beaten by automatic retry": 194,
        "beaten by busy workers": 269,
        "beaten by concurrency": 175,
        "beaten by hanging cancel": 194,
        "beaten by late polls": 153,
        "beaten by missed deadline": 269,
        "beaten by ordinary polls": 269,
        "beaten by person": 197,
        "beaten by standing still": 19,
    },
    "page: Point of no return": {
        "the task itself prohibits rollback": 149,
    },
    "page: Ran": {
        "in lower case": 126,
    },
    "page: Undone": {
        "it counts as undone what never began or was left in place": 58,
    },
    "page: Worst case": {
        "beaten by automatic retry": 194,
        "beaten by busy workers": 269,
        "beaten by concurrency": 163,
        "beaten by hanging cancel": 194,
        "beaten by late polls": 269,
        "beaten by missed deadline": 269,
        "beaten by ordinary polls": 269,
        "beaten by person": 194,
        "beaten by standing still": 19,
        "it has a limit, which the document does not tell": 71,
    },
    "parts": {
        "a part of the time is negative": 245,
    },
    "releases": {
        "it rolls back, which the document does not tell": 24,
    },
    "retried-meanwhile": {
        "in lower case": 115,
    },
    "retry-accepted": {
        "beaten by automatic retry": 66,
        "beaten by busy workers": 33,
        "beaten by concurrency": 254,
        "beaten by late polls": 33,
        "beaten by missed deadline": 33,
        "beaten by ordinary polls": 33,
        "beaten by person": 66,
        "beaten by standing still": 21,
        "in a rollback it repeats for good": 114,
        "it has a limit, which the document does not tell": 137,
        "the engine refuses": 24,
    },
    "rollback-accepted": {
        "beaten by busy workers": 33,
        "beaten by late polls": 33,
        "beaten by missed deadline": 33,
        "beaten by ordinary polls": 33,
        "beaten by person": 121,
        "it has a limit, which the document does not tell": 183,
        "the engine refuses, which the document does not tell": 142,
    },
    "rollback-if-failed": {
        "it could not, which the document does not tell": 153,
    },
    "rollback-loses": {
        "pauses count as work, which nothing says": 299,
    },
    "root-failure": {
        "another number of attempts": 167,
    },
    "several-runs": {
        "in lower case": 126,
        "it ran once": 161,
    },
    "show: Left": {
        "beaten by automatic retry": 194,
        "beaten by busy workers": 269,
        "beaten by concurrency": 175,
        "beaten by hanging cancel": 194,
        "beaten by late polls": 153,
        "beaten by missed deadline": 269,
        "beaten by ordinary polls": 269,
        "beaten by person": 197,
        "beaten by standing still": 19,
    },
    "show: No return": {
        "the task itself prohibits rollback": 149,
    },
    "show: Progress": {
        "in lower case": 126,
        "it counts as undone what never began or was left in place": 58,
        "it rolls back, which the document does not tell": 24,
    },
    "show: Ran": {
        "in lower case": 126,
    },
    "show: Worst case": {
        "beaten by automatic retry": 194,
        "beaten by busy workers": 269,
        "beaten by concurrency": 163,
        "beaten by hanging cancel": 194,
        "beaten by late polls": 269,
        "beaten by missed deadline": 269,
        "beaten by ordinary polls": 269,
        "beaten by person": 194,
        "beaten by standing still": 19,
        "it has a limit, which the document does not tell": 71,
    },
    "skip-accepted": {
        "beaten by automatic retry": 66,
        "beaten by busy workers": 183,
        "beaten by concurrency": 254,
        "beaten by late polls": 183,
        "beaten by missed deadline": 66,
        "beaten by ordinary polls": 183,
        "beaten by person": 66,
        "beaten by standing still": 21,
        "in a rollback it leaves the work in place": 24,
        "it has a limit, which the document does not tell": 137,
        "the engine refuses, which the document does not tell": 222,
    },
    "verdict": {
        "in lower case": 126,
        "it counts as done what was skipped": 220,
        "it counts as undone what never began or was left in place": 58,
        "it rolls back, which the document does not tell": 24,
        "it stands still, which nothing says": 19,
        "something failed before": 206,
        "the work of some was left in place": 180,
    },
    "wall": {
        "in lower case": 126,
    },
}
"""For each kind of claim the reasons for which it is false, each with a seed."""
