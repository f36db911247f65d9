"""The reports of trends: what every form says, and what the page is made of."""

from __future__ import annotations

import base64
import json
import re
import struct

from jsonschema import Draft202012Validator

from taskgraph import report_history
from taskgraph.history.trending import Trends
from taskgraph.reports.history_contract import HISTORY_OUTPUTS
from taskgraph.reports.html.page import trends_html
from tests.diagrams.tasks import HOSTILE
from tests.reports.trends import make_trends

NAMES = ("Prepare", "Copy 复制", "Verify")


def data_of(page: str) -> dict[str, object]:
    (text,) = re.findall(
        r'<script type="application/json" class="data">(.*?)</script>', page
    )
    content: dict[str, object] = json.loads(text)
    return content


def test_tables_say_since_when_and_where() -> None:
    text = report_history(make_trends(100, NAMES))
    assert "100 runs, 2024-01-01 00:00:00+00:00 to 2024-01-13 09:00:00" in text
    flat = " ".join(text.split())
    assert "slower since" in flat
    assert "7.00 s → 21.0 s" in flat
    assert "10.0.0.1" in text
    assert "130 %" in text
    markdown = report_history(make_trends(100, NAMES), "markdown")
    assert "## Hosts of 重启 observer" in markdown


def test_programs_get_every_run_and_every_period() -> None:
    made = make_trends(100, NAMES)
    content = json.loads(report_history(made, "json"))
    schema = HISTORY_OUTPUTS["history-trends"].schema()
    Draft202012Validator(schema).validate(content)
    (task,) = content["tasks"]
    assert task["kinds"][2]["change"]["run"] == 50
    assert [len(kind["spans_us"]) for kind in task["kinds"]] == [100] * 4
    rows = report_history(made, "csv").splitlines()
    assert len(rows) == 1 + 4 * 2
    assert rows[0] == "task,subtask,start,days,size,p50_us,p95_us"


def test_the_page_holds_the_exact_times_of_every_run() -> None:
    made = make_trends(7, NAMES)
    data = data_of(trends_html(made))
    cells = base64.b64decode(str(data["cells"]))
    kinds = made.tasks[0].kinds
    times = struct.unpack("<28I", cells[: 4 * 28])
    spans = [span for kind in kinds for span in kind.spans_us]
    expected = [2**32 - 1 if span is None else span // 1000 for span in spans]
    assert list(times) == expected
    assert list(cells[4 * 28 :]) == [mark for kind in kinds for mark in kind.marks]


def test_a_page_has_a_bounded_number_of_columns_and_says_what_they_are() -> None:
    page = trends_html(make_trends(1000, NAMES))
    assert "A column is 4 runs" in page
    assert 'viewBox="0 0 250 20"' in page
    assert page.count("<path") < 4 * 12 + 20
    assert "A column is a run." in trends_html(make_trends(250, NAMES))


def test_one_run_and_none_are_told_too() -> None:
    assert "1 run, 2024-01-01" in trends_html(make_trends(1, NAMES))
    assert "No run with a time" in trends_html(Trends((), 0))
    two = Trends(make_trends(3, NAMES).tasks * 2, 4)
    page = trends_html(two)
    assert page.count("<article") == 2
    assert "4 more kinds of tasks with fewer runs" in page
    assert "4 more kinds" in report_history(two)


def test_names_stay_names() -> None:
    page = trends_html(make_trends(30, HOSTILE, task=HOSTILE[0]))
    assert "window.hacked" in page
    assert "<script>window" not in page
    assert "<img" not in page
    assert " style=" not in page
    assert 'Policy" content="default-src &#39;none&#39;; style-src &#39;sha256-' in page
