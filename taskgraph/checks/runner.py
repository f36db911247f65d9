"""Runs the rules over a task."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache

from taskgraph.analysis.analysis import Analysis
from taskgraph.checks.registry import (
    RULES,
    ActiveRule,
    RuleSet,
    make_rule_set,
    without_suppressed,
)
from taskgraph.checks.result import CheckResult, Finding, Skipped, Step
from taskgraph.checks.rule import Fault, Need, Rule
from taskgraph.checks.subject import Subject
from taskgraph.model.task import Id, Origin
from taskgraph.settings import Severity

_ACROSS = frozenset(rule.code for rule in RULES if rule.across)


def run_checks(analysis: Analysis) -> CheckResult:
    """Check one task.

    Parameters
    ----------
    analysis : Analysis
        Of a faulty task too; its settings say which rules speak, and how loudly.

    Returns
    -------
    CheckResult
        Near-linear in subtasks and edges.

    Raises
    ------
    ConfigError
        If the settings name a rule that does not exist.
    """
    return check_document([analysis])[0]


def check_document(analyses: Sequence[Analysis]) -> tuple[CheckResult, ...]:
    """Check every task of one document.

    What is about the document itself is found once, and its text is looked at once for
    lines and columns, however many tasks it has.

    Parameters
    ----------
    analyses : sequence of Analysis
        All of one document, and so with the same settings.

    Returns
    -------
    tuple of CheckResult
        One for each task.

    Raises
    ------
    ConfigError
        If the settings name a rule that does not exist.
    """
    if not analyses:
        return ()
    settings = analyses[0].settings
    rule_set = make_rule_set(settings)
    limit = Severity.__members__.get(settings.fail_on.upper())
    results: list[CheckResult] = []
    seen: set[Finding] = set()
    origin = Origin()
    for analysis in analyses:
        task, own = analysis.task, analysis.task.origin
        every, skipped, looked = _apply(Subject(analysis), rule_set)
        every = [finding for finding in every if finding not in seen]
        seen.update(finding for finding in every if finding.task_name is None)
        before = [finding for finding in every if finding.code not in _ACROSS]
        repeated = [finding for finding in every if finding.code in _ACROSS]
        findings, repeated = (
            without_suppressed(some, rule_set.suppressions, task)
            for some in (before, repeated)
        )
        suppressed = len(before) - len(findings)
        findings = _without_consequences(findings, rule_set, is_run=not task.is_definition)
        hidden: tuple[str, ...] = ()
        if len(findings) < len(before):
            from taskgraph.checks.baseline import fingerprints

            hidden = fingerprints(before)
        findings.sort(key=lambda finding: finding.sort_key(own))
        if findings and not origin.data:
            origin = own
        results.append(
            CheckResult(
                own.file,
                task.id,
                task.name,
                tuple(findings),
                skipped,
                suppressed,
                fail_on=limit,
                if_repeated=tuple(repeated),
                origin=own if task.is_definition else None,
                looked=looked,
                hidden=hidden,
            )
        )
    return tuple(_located(results, origin) if origin.data else results)


def _apply(
    subject: Subject, rule_set: RuleSet
) -> tuple[list[Finding], tuple[Skipped, ...], frozenset[str]]:
    """Give what rules find, which cannot speak, and which have looked at everything."""
    lacking = tuple(
        [
            (need, reason)
            for need in rule_set.needs
            if (reason := need.reason_to_skip(subject))
        ]
    )
    able, skipped, looked = _able(rule_set, lacking, subject.task.is_definition)
    findings = [
        _finding(subject, rule, severity, fault)
        for rule, severity in able
        for fault in rule.check(subject)
    ]
    return findings, skipped, frozenset() if subject.task.origin.unread else looked


@lru_cache(maxsize=256)  # of many tasks most lack the same
def _able(
    rule_set: RuleSet, lacking: tuple[tuple[Need, str], ...], is_definition: bool
) -> tuple[tuple[ActiveRule, ...], tuple[Skipped, ...], frozenset[str]]:
    """Give the rules that can speak, those that cannot, and what the former look at alone.

    The last leaves out rules that another task of the run keeps silent.
    """
    reasons = dict(lacking)
    able, skipped = [], []
    for active in rule_set.rules:
        rule = active.rule
        need = next(filter(reasons.__contains__, rule.needs), None)
        if need is None:
            able.append(active)
        elif not (need.of_run and is_definition):
            skipped.append(Skipped(rule.code, rule.name, reasons[need]))
    looked = frozenset(active.rule.code for active in able) - _ACROSS
    return tuple(able), tuple(skipped), looked


def _without_consequences(
    findings: list[Finding], rule_set: RuleSet, *, is_run: bool
) -> list[Finding]:
    """Leave out what only follows from another fault of the same subtasks."""
    causes: dict[str, set[Id]] = {}
    for finding in findings:
        causes.setdefault(finding.code, set()).update(finding.subtasks)
    if len(causes) < 2:
        return findings
    for rule, _ in rule_set.rules:
        applies = rule.code in causes and (rule.follows_in_runs or not is_run)
        for code in rule.follows if applies else ():
            cause = causes.get(code, set())
            findings = [
                finding
                for finding in findings
                if finding.code != rule.code or cause.isdisjoint(finding.subtasks)
            ]
    return findings


def _finding(
    subject: Subject, rule: Rule, severity: Severity | None, fault: Fault
) -> Finding:
    """Add what is the same for every fault of a rule and of a task.

    A severity from the settings decides over all.
    """
    task = subject.task
    index = subject.graph.index
    return Finding(
        code=rule.code,
        name=rule.name,
        severity=severity or fault.severity or rule.severity,
        message=fault.message,
        hint=fault.hint,
        file=task.origin.file,
        task_id=None if fault.of_document else task.id,
        task_name=None if fault.of_document else task.name,
        subtasks=fault.subtasks,
        edges=fault.edges,
        pointer=task.origin.pointer if fault.pointer is None else fault.pointer,
        path=tuple(
            Step(subject.at(node).id, subject.node_pointer(node)) for node in fault.path
        ),
        subtask_names=tuple([subject.at(index[name]).name for name in fault.subtasks]),
        detail=fault.detail,
        of_key=fault.of_key,
    )


def _located(results: Sequence[CheckResult], origin: Origin) -> list[CheckResult]:
    """Add lines and columns, to what is of one task or of every task of a document."""
    from taskgraph.sources.places import locate

    pointers: dict[str, None] = {}
    for result in results:
        for finding in result.findings:
            pointers[_target(finding)] = None
            pointers.update((step.pointer, None) for step in finding.path)
    to_end = bool(origin.mistakes)  # some of which tell of equal keys
    places = locate(
        origin.data,
        pointers,
        origin.syntax,
        origin.first_line,
        to_end=to_end,
        item=origin.pointer if len(results) == 1 else "",
    )
    return [_with_places(result, places) for result in results] if places else [*results]


def _target(finding: Finding) -> str:
    from taskgraph.sources.places import key_of

    return key_of(finding.pointer) if finding.of_key else finding.pointer


def _with_places(result: CheckResult, places: dict[str, tuple[int, int]]) -> CheckResult:
    def placed(step: Step) -> Step:
        line, column = places[step.pointer]
        return step._replace(line=line, column=column)

    findings = []
    for finding in result.findings:
        line, column = places[_target(finding)]
        path = tuple(map(placed, finding.path))
        findings.append(finding._replace(line=line, column=column, path=path))
    return result._replace(findings=tuple(findings))


class TaskNames:
    """The names of the tasks of a run so far, and where each stood first."""

    def __init__(self, real: Callable[[str], str]) -> None:
        """Learn how to tell the file that is meant, however it was named."""
        self._real = real
        self._first: dict[str, tuple[str, int, str]] = {}

    def twin(self, name: str, origin: Origin) -> str:
        """Say which earlier task has the name of this one; nothing where none has.

        The same document, named in another way, is no other one.
        """
        if not name.strip() or (None, "name") in origin.unread:
            return ""
        place = origin.file, origin.first_line, origin.pointer
        first = self._first.setdefault(origin.unredacted(name), place)
        is_one_file = first[0] == place[0] or self._real(first[0]) == self._real(place[0])
        if is_one_file and first[1:] == place[1:]:
            return ""
        return "another task of it" if is_one_file else f"a task of {first[0]}"

    def apply(self, result: CheckResult) -> CheckResult:
        """Give a result with what is found only beside the earlier tasks."""
        origin = result.origin
        return beside(result, self.twin(result.task_name, origin) if origin else "")


def beside(result: CheckResult, twin: str) -> CheckResult:
    """Add what is found only where an earlier task of the run, `twin`, has the name."""
    origin, repeated = result.origin, result.if_repeated
    result = result._replace(if_repeated=(), origin=None)
    if not twin or origin is None or not repeated:
        return result
    message = f"{twin} has the same name"
    repeated = tuple(finding._replace(message=message) for finding in repeated)
    (placed,) = _located([result._replace(findings=repeated)], origin)
    findings = (*result.findings, *placed.findings)
    ordered = sorted(findings, key=lambda finding: finding.sort_key(origin))
    return result._replace(findings=tuple(ordered))
