"""What a run of the checks gives."""

from __future__ import annotations

import pytest

from taskgraph.checks.result import CheckResult, CheckRun, Skipped
from taskgraph.settings import Severity
from tests.reports.runs import finding

INFO = CheckResult("a.json", 1, "a", (finding(Severity.INFO),))
ERROR = CheckResult("b.json", 2, "b", (finding(Severity.ERROR), finding(Severity.INFO)))
CLEAN = CheckResult("b.json", 3, "c", skipped=(Skipped("TG1", "x", "y"),), suppressed=2)


def test_a_run_counts_its_results() -> None:
    totals = CheckRun((INFO, ERROR, CLEAN)).totals
    assert (totals.tasks, totals.files, totals.suppressed) == (3, 2, 2)
    assert list(totals.severities.items()) == [
        (Severity.ERROR, 1), (Severity.WARNING, 0), (Severity.INFO, 2),
    ]  # fmt: skip
    assert totals.skipped == {("TG1", "x", "y"): 1}
    assert CheckRun(()).totals.tasks == 0


@pytest.mark.parametrize(
    ("result", "fail_on", "has_failed"),
    [
        (INFO, Severity.ERROR, False),
        (INFO, Severity.INFO, True),
        (ERROR, Severity.ERROR, True),
        (ERROR, None, False),
        (CLEAN, Severity.INFO, False),
    ],
)
def test_a_result_fails_from_its_severity_on(
    result: CheckResult, fail_on: Severity | None, has_failed: bool
) -> None:
    assert result._replace(fail_on=fail_on).has_failed is has_failed
