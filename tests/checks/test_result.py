"""What a run of the checks gives."""

from __future__ import annotations

from taskgraph.checks import CheckResult, CheckRun, Severity
from tests.reports.runs import finding


def test_the_worst_of_a_run_is_the_worst_of_its_results() -> None:
    info = CheckResult("a.json", 1, "a", (finding(Severity.INFO),))
    error = CheckResult("b.json", 2, "b", (finding(Severity.ERROR), finding(Severity.INFO)))
    assert CheckRun((info, CheckResult("c.json", 3, "c"))).worst is Severity.INFO
    assert CheckRun((info, error)).worst is Severity.ERROR
    assert CheckRun((CheckResult("c.json", 3, "c"),)).worst is None
    assert CheckRun(()).worst is None
    assert CheckRun((info, error)).count(Severity.INFO) == 2
