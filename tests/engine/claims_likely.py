"""Judges of what past runs say: when a running task is likely done, and what is slow."""

from __future__ import annotations

import re
from collections import defaultdict

from tests.engine.case import CLOSE, Case, Reasons, Told, is_at_work
from tests.engine.futures import HOP
from tests.engine.plan import SECOND

_CLOCK = r"\d+:\d\d:\d\d"
_RARE = 0.01
"""Of healthy runs so many may be as long as what is called slow."""
_MEASURED = 50  # milliseconds that two clocks are apart


def likely(case: Case, told: Told) -> Reasons:
    """Judge between what they lie; how often they come true is for the calibration."""
    half, most = told.millis("half"), told.millis("most")
    if not case.photo.timestamp - CLOSE <= half <= most:
        yield "the moments are in no order"
    if case.is_back or case.failed:
        yield "it does not go forward by itself"
        return
    if half < case.photo.timestamp + _least_left(case) - CLOSE:
        yield "no past run was so fast"
    worst = case.loaded.analysis.progress.latest_finish
    if worst is not None and not case.is_hidden:
        left = sum(row.state != "SUCCESSFUL" for row in case.rows)
        if most > worst.timestamp() * SECOND + (left + 1) * HOP:
            yield "it is later than the worst case"
    if told.values["runs"] > len(case.past):
        yield "there are not so many past runs"


def _spans(case: Case) -> dict[str, list[int]]:
    """Give the milliseconds that the healthy past runs of each name took, ascending."""
    spans = defaultdict[str, list[int]](list)
    for journal in case.past:
        for run in journal.runs:
            if run.ended is not None and run.state == "SUCCESSFUL":
                spans[journal.plan.steps[run.step].name].append(run.ended - run.began)
    return {name: sorted(values) for name, values in spans.items()}


def _least_left(case: Case) -> int:
    """Give how long it takes yet where all is as fast as it ever was, and nothing waits."""
    spans, ends = _spans(case), list[int]()
    for step, row in zip(case.photo.plan.steps, case.rows, strict=True):
        is_ahead = row.state in ("PENDING", "READY") and spans.get(step.name)
        least = spans[step.name][0] if is_ahead else 0
        ends.append(least + max((ends[up] for up in step.upstreams), default=0))
    return max(ends)


def likely_unknown(_: Case, told: Told) -> Reasons:
    if "needed" in told.values and told.values["runs"] >= told.values["needed"]:
        yield "there are enough past runs"


def slow(case: Case, told: Told) -> Reasons:
    ran, row = told.millis("ran"), told.row
    if not is_at_work(row):
        yield "it is not at work"
    elif row.start is None or case.photo.timestamp - row.start < ran:
        yield "it has not run so long"
    past = _spans(case).get(case.photo.plan.steps[told.step].name, [])
    if told.values["others"] != len(past):
        yield "there are not so many past runs"
    if sum(span > ran + _MEASURED for span in past) > len(past) * _RARE:
        yield "it is not rare that a run takes so long"
    if sum(span < ran - _MEASURED for span in past) > told.values["shorter"]:
        yield "more past runs were shorter"
    if 2 * sum(span > told.millis("usual") + _MEASURED for span in past) > len(past):
        yield "more than half took longer than what is called usual"


def likely_fact(case: Case, told: Told) -> Reasons:
    """Hold the moments of a fact against those of the sentence."""
    graph = case.loaded.graph
    said = {one.claim: one.text(graph) for one in case.explanation.sentences()}
    if "not known" in told.text:
        if "likely-unknown" not in said:
            yield "the sentence tells otherwise"
    elif re.findall(_CLOCK, told.text) != re.findall(_CLOCK, said.get("likely", "")):
        yield "the sentence tells other moments"


def slow_fact(case: Case, told: Told) -> Reasons:
    sentences = (s for s in case.explanation.sentences() if s.claim == "slow")
    ids = {case.photo.plan.ids[index] for index in range(len(case.rows))}
    count = sum(str(identifier) in told.text for identifier in ids)
    if count < sum(1 for _ in sentences):
        yield "it leaves some out"
