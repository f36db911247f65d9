"""What every form tells of a running task by past runs; quick, as two stores are enough."""

from __future__ import annotations

import json
from typing import Any

from taskgraph.api import LoadedTask, postmortem_of, report
from taskgraph.history import anomalies
from taskgraph.reports.json import document, show_json
from tests.history.test_past import chained, drawn, explained, loaded, shown
from tests.reports.test_explain import assert_proved


def every_form(task: LoadedTask) -> list[str]:
    account = task.account
    collected = postmortem_of([account])
    return [
        shown(task),
        explained(task),
        report(collected, "html"),
        report(collected, "markdown"),
        document("show", [show_json(account)], []),
    ]


def test_every_form_tells_the_same(past: Any) -> None:
    task = loaded(past([chained(*run) for run in drawn(2, 40)]))
    found = task.analysis.forecast
    assert found is not None
    assert found.half is not None
    assert found.most is not None
    *texts, content = every_form(task)
    for text in texts:
        for one in (found.half, found.most):
            assert f"by {one.moment:%H:%M:%S}" in text.replace("\u00a0", " ")
        assert f"{found.runs} past runs" in text.replace("\u00a0", " ")
    (told,) = json.loads(content)["tasks"]
    assert told["forecast"]["half"] == {
        "moment": found.half.moment.isoformat(),
        "is_least": False,
    }
    assert told["forecast"]["runs"] == found.runs
    assert told["slow"] == []
    assert_proved(task)


def test_without_past_runs_nothing_is_likely() -> None:
    *texts, content = every_form(loaded(None))
    assert all("ikely" not in text for text in texts[:2])
    assert "forecast" not in content


def test_what_runs_longer_than_ever_leaves_nothing_to_go_by(past: Any) -> None:
    store = past([chained(5 + n / 10, 0, 1) for n in range(30)])
    task = loaded(store, now=60)
    found = task.analysis.forecast
    assert found is not None
    assert (found.guessed, found.half) == ((0,), None)
    (slow,) = task.analysis.slow
    assert (slow.node, slow.others, slow.shorter) == (0, 30, 30)
    assert (slow.ran, slow.usual) == (60_000_000, 6_400_000)
    (one,) = anomalies(task, store.folder).found
    assert (one.value_us, one.usual_us, one.others) == (slow.ran, slow.usual, slow.others)
    said = "it has run 1 min, longer than each of 30 past runs of its name, half of which"
    assert said in explained(task)
    assert "longer than 30 of 30 past runs of its name" in " ".join(shown(task).split())
    assert "1 'work' has no past run as long" in explained(task)
    assert_proved(task)
    assert loaded(store, now=6).analysis.slow == ()
