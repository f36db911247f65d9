"""The samples, with every number worked out by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from taskgraph.analysis.as_run import PartKind
from taskgraph.analysis.rollback import Refusal
from taskgraph.analysis.weights import Basis
from taskgraph.graph.taskgraph import TaskGraph
from taskgraph.model.engine import SpanKind
from tests.analysis.documents import analyse, ids, load, nodes


class TestStopOfAnObproxy:
    """A chain that has just been submitted."""

    @pytest.fixture
    def graph(self, samples: Path) -> TaskGraph:
        return load(samples / "obproxy_stop.json")

    def test_budget(self, graph: TaskGraph):
        found = analyse(graph).budget
        assert ids(graph, found.schedule.critical_path) == [
            *(13175720, 13175728, 13175723, 13175727, 13175719, 13175726),
            *(13175721, 13175729, 13175722, 13175725, 13175724),
        ]
        # 30 + 1800 + 30 + 300 + 1800 + 30 + 3600 + 60 + 300 + 30 + 30
        assert found.seconds == found.total == 8010
        assert found.is_bounded
        assert found.shares[graph.index[13175721]] == 3600
        assert found.schedule.path_count == 1

    def test_point_of_no_return(self, graph: TaskGraph):
        found = analyse(graph).no_return
        assert found is not None
        assert ids(graph, found.nodes) == [13175719]
        # From its start on: 1800 + 30 + 3600 + 60 + 300 + 30 + 30
        assert found.seconds_after == 5850
        assert not found.passed
        assert len(found.after) == 7

    def test_all_of_it_remains(self, graph: TaskGraph):
        left = analyse(graph).left
        assert left.as_of == graph.task.as_of()
        assert analyse(graph).timetable("remaining").schedule.makespan == 8010

    def test_the_drag_of_each_subtask_is_its_timeout(self, graph: TaskGraph):
        found = analyse(graph).drags
        assert list(found) == [subtask.timeout for subtask in graph.subtasks]

    def test_rollback(self, graph: TaskGraph):
        found = analyse(graph).rollback
        assert found.is_allowed
        assert not found.is_accepted  # the task has not failed
        # Only the start node has left PENDING.
        assert ids(graph, [step.node for step in found.steps]) == [13175720]
        assert found.worst_case.seconds == 30
        # Before the point of no return lie 30 + 1800 + 30 + 300 = 2160, there and back.
        assert found.fail_late is not None
        assert ids(graph, [found.fail_late.node]) == [13175727]
        assert found.fail_late.until_failed == found.fail_late.undoing == 2160
        assert found.fail_late.seconds == found.fail_late.at_most == 4320

    def test_nothing_ran(self, graph: TaskGraph):
        assert analyse(graph).as_run is None
        assert analyse(graph).failure is None
        assert analyse(graph).ways_out == ()


class TestThreeHosts:
    """Two branches, one over three hosts; one host fails after the point of no return.

    101 Start 30 -> 102 Archive 3600 -> 103 Verify 300 -> 111 Finish 30
    101 -> 104, 105, 106 Stop 300 each => 107, 108, 109 Replace 900 each, which prohibit
    rollback -> 110 Start hosts 600 -> 111. Each Replace waits for all three Stop.
    """

    @pytest.fixture
    def graph(self, samples: Path) -> TaskGraph:
        return load(samples / "three_hosts_failed.json")

    def test_schedule_by_timeout(self, graph: TaskGraph):
        found = analyse(graph).budget
        # The upper branch: 30 + 3600 + 300 + 30. The lower: 30 + 300 + 900 + 600 + 30.
        assert found.seconds == 3960
        assert ids(graph, found.schedule.critical) == [101, 102, 103, 111]
        floats = dict(zip(ids(graph, range(11)), found.schedule.total_float, strict=True))
        assert set(floats.values()) == {0, 3960 - 1860}
        assert floats[104] == floats[108] == floats[110] == 2100
        # Without 102 the lower branch is the longest path: 3960 - 1860 = 2100 saved.
        assert ids_of_drag(graph) == {101: 30, 102: 2100, 103: 300, 111: 30}
        # 30 + 3600 + 300 + 30 + 3 * 300 + 3 * 900 + 600
        assert found.total == 8160
        assert not found.bounds.may_wait

    def test_point_of_no_return(self, graph: TaskGraph):
        found = analyse(graph).no_return
        assert found is not None
        assert ids(graph, found.nodes) == [107, 108, 109]
        assert ids(graph, found.after) == [107, 108, 109, 110, 111]
        # A branch beside it need not have begun by then.
        assert found.seconds_after == 3600 + 300 + 30
        assert found.passed

    def test_failure(self, graph: TaskGraph):
        found = analyse(graph).failure
        assert found is not None
        (root,) = found.roots
        assert ids(graph, [root.node]) == [108]
        assert str(root.failed_at) == "2025-03-04 10:06:04+08:00"
        assert found.consequences == ()
        assert ids(graph, found.blocked) == [110, 111]
        # 103 waits for 102, which is done: but while something is FAILED nothing starts.
        assert ids(graph, found.held) == [103]
        # 109 ended at 10:08:04 and 102 at 10:20:02.7, after the failure at 10:06:04.
        assert ids(graph, found.ran_on) == [102, 109]
        assert ids(graph, found.finished.nodes) == [101, 102, 104, 105, 106, 107, 109]
        # 0.2 + 1200 + 40 + 50 + 60 + 240 + 420 seconds
        assert found.finished.microseconds == 2_010_200_000
        assert found.finished.unsplit == found.finished.unmeasured == ()

    def test_no_way_back(self, graph: TaskGraph):
        found = analyse(graph).rollback
        assert found.obstacles == (Refusal.BEGUN,)
        assert ids(graph, found.blockers) == [107, 108, 109]
        assert found.has_failed
        assert not found.is_accepted
        # What has begun, from the end: Replace 900, then Stop 300, then Start 30; and
        # Archive 3600 beside them, which Start has to wait for: 3600 + 30.
        assert found.worst_case.seconds == 3630
        order = ids(graph, [step.node for step in found.steps])
        assert order == [102, 107, 108, 109, 104, 105, 106, 101]
        begins = [step.start for step in found.steps]
        assert begins == [0, 0, 0, 0, 900, 900, 900, 3600]

    def test_failing_late(self, graph: TaskGraph):
        found = analyse(graph).rollback.fail_late
        assert found is not None
        # Replace starts at 30 + 300 = 330: the last to fail before is a Stop. Archive,
        # from 30 on, runs until 3630, and only then is the task FAILED.
        assert ids(graph, [found.node]) == [104]
        assert ids(graph, found.begun) == [101, 102, 104, 105, 106]
        assert found.until_failed == 3630
        assert found.undoing == 3600 + 30
        # Were Archive quicker, Verify could have begun too: 300 more to undo.
        assert found.at_most == 3630 + 3930

    def test_ways_out(self, graph: TaskGraph):
        (found,) = analyse(graph).ways_out
        assert ids(graph, [found.node]) == [108]
        assert found.retry.is_accepted
        assert found.skip.is_accepted
        assert found.rollback.refusals == (Refusal.BEGUN,)
        assert ids(graph, found.retry.releases) == [103, 110]
        assert not found.retry.is_held
        # Retried: 900 + 600 + 30 against Verify 300 + 30. Skipped: 600 + 30.
        bounds = (found.retry.worst_case, found.skip.worst_case)
        assert [bound and bound.seconds for bound in bounds] == [1530, 630]

    def test_as_run(self, graph: TaskGraph):
        found = analyse(graph).as_run
        assert found is not None
        assert ids(graph, found.path) == [101, 102]
        rows = [(part.kind, part.microseconds) for part in found.parts]
        assert rows == [
            (PartKind.BEFORE, 500_000),  # 10:00:00.5 to 10:00:01
            (PartKind.RUN, 200_000),
            (PartKind.DISPATCH, 1_500_000),  # 10:00:01.2 to 10:00:02.7
            (PartKind.RUN, 1_200_000_000),
            (PartKind.AFTER, 500_000),  # 10:20:02.7 to 10:20:03.2
        ]
        assert found.wall == 1_202_700_000
        assert found.ideal.makespan == 1_200_200_000

    def test_progress(self, graph: TaskGraph):
        found, tally = analyse(graph).progress, analyse(graph).tally
        assert ids(graph, tally.failed) == [108]
        assert ids(graph, tally.pending) == [103, 110, 111]
        assert (len(tally.done), tally.whole) == (7, 11)
        # Left are 900 + 600 + 30 s: what failed, is held up and waits for it.
        assert (found.critical_seconds, found.critical_seconds_done) == (3960, 2430)
        # If 108 is retried at 10:30:00: 900 + 600 + 30.
        assert found.worst_case.seconds == 1530
        assert found.latest_finish is None


def ids_of_drag(graph: TaskGraph) -> dict[object, int]:
    """Give the drag by timeout of each id that has any."""
    found = analyse(graph).drags
    return {graph.subtasks[node].id: drag for node, drag in enumerate(found) if drag}


class TestHalfRolledBack:
    """Rolling back, half-way: 205 and 203 are undone, 204 is being undone.

    201 Start 30 -> 202 Check 300 -> 203, 204 Copy 1800 each -> 205 Register 600, which
    had failed -> 206 Finish 30, which never ran. The response is of 09:30:00.
    """

    @pytest.fixture
    def graph(self, samples: Path) -> TaskGraph:
        return load(samples / "half_rolled_back.json")

    def test_what_remains_is_the_way_back(self, graph: TaskGraph):
        left = analyse(graph).left
        assert left.basis == (
            Basis.TIMEOUT,  # 201 waits for its turn
            Basis.TIMEOUT,  # 202 as well
            Basis.DONE,
            Basis.START_UNKNOWN,  # 204 shows the start of its first run only
            Basis.DONE,
            Basis.DONE,
        )
        assert left.durations == (30, 300, 0, 1800, 0, 0)

    def test_progress(self, graph: TaskGraph):
        found, tally = analyse(graph).progress, analyse(graph).tally
        assert tally.is_rolling_back
        assert ids(graph, tally.done) == [203, 205]
        assert ids(graph, tally.untouched) == [206]
        assert ids(graph, tally.running) == [204]
        assert ids(graph, tally.pending) == [201, 202]
        assert tally.whole == 5
        # 1800 + 300 + 30 from 09:30:00 on.
        assert found.worst_case.seconds == 2130
        assert str(found.latest_finish) == "2025-03-05 10:05:30+08:00"
        assert found.nearest is not None
        assert found.nearest.seconds_left == 1800
        assert found.nearest.basis is Basis.START_UNKNOWN
        # The critical path is 201, 202, 203, 205, 206: 30 + 300 + 1800 + 600 + 30, of
        # and 1800 + 300 + 30 are left: what is being undone and what waits for that.
        assert (found.critical_seconds, found.critical_seconds_done) == (2760, 630)

    def test_the_rest_of_the_rollback(self, graph: TaskGraph):
        found = analyse(graph).rollback
        assert found.is_allowed
        assert found.no_return is None
        steps = [(s.start, s.finish) for s in found.steps]
        assert ids(graph, [step.node for step in found.steps]) == [204, 202, 201]
        assert steps == [(0, 1800), (1800, 2100), (2100, 2130)]
        assert found.worst_case.seconds == 2130
        # Failing at the very end: 30 + 300 + 1800 + 600 + 30, and all of it back.
        assert found.fail_late is not None
        assert found.fail_late.seconds == found.fail_late.at_most == 2 * 2760

    def test_times_that_hold_runs_and_rollbacks_are_no_single_run(self, graph: TaskGraph):
        found = analyse(graph).weigh("actual")
        assert found.basis == (
            *(Basis.SEVERAL_RUNS, Basis.SEVERAL_RUNS),  # only EXECUTE proves one run
            Basis.ROLLED_BACK,
            Basis.SEVERAL_RUNS,
            Basis.ROLLED_BACK,
            Basis.NOT_MEASURED,
        )

    def test_as_run(self, graph: TaskGraph):
        found = analyse(graph).as_run
        assert found is not None
        # 204 is at work until the response, 09:30:00; the finish of the task is an old
        # one. 1 + 0.5 + 1.5 + 60 + 1.5 + 1735.5 = 1800 seconds from 09:00:00 on.
        assert ids(graph, found.path) == [201, 202, 204]
        seconds = [part.microseconds / 1e6 for part in found.parts]
        assert seconds == [1, 0.5, 1.5, 60, 1.5, 1735.5, 0]
        assert found.wall == 1_800_000_000
        assert found.parts[-2].span is SpanKind.SEVERAL_RUNS

    def test_nothing_failed_now(self, graph: TaskGraph):
        assert analyse(graph).failure is None
        assert analyse(graph).ways_out == ()


class TestWaitedForARetry:
    """It took 67 minutes; the subtasks on the path sum to 20.

    301 -> 302 Copy, which failed and was retried by hand, and 303 -> 304, both -> 305.
    """

    @pytest.fixture
    def graph(self, samples: Path) -> TaskGraph:
        return load(samples / "waited_for_a_retry.json")

    def test_as_run(self, graph: TaskGraph):
        found = analyse(graph).as_run
        assert found is not None
        assert ids(graph, found.path) == [301, 303, 304, 305]
        assert found.wall == (67 * 60 + 5) * 1_000_000
        assert found.total(PartKind.RUN) == (20 * 60) * 1_000_000 + 250_000
        # 304 became ready at 14:05:02.5 and started at 14:52:03: 2820.5 s, of which the
        # engine's polling explains 2. The rest it waited for 302 to be retried.
        waits = [part for part in found.parts if part.kind is PartKind.WAIT]
        assert [(part.node, part.microseconds) for part in waits] == [
            (graph.index[304], 2_818_500_000)
        ]

    def test_why_it_differs_from_the_ideal(self, graph: TaskGraph):
        found = analyse(graph).as_run
        assert found is not None
        # The longest path of measured times is 301, 302, 305: 0.25 + 3297.5 + 300. Its
        # 3297.5 s are two attempts and the idle time between them.
        assert ids(graph, found.ideal.critical_path) == [301, 302, 305]
        assert found.ideal.makespan == 3_597_750_000
        assert found.differences == {
            PartKind.BEFORE: 1_000_000,
            PartKind.DISPATCH: 1_250_000 + 2_000_000 + 1_500_000,
            PartKind.WAIT: 2_818_500_000,
            PartKind.AFTER: 500_000,
            PartKind.OTHER_PATH: 1_200_250_000 - 3_597_750_000,
        }
        assert sum(found.differences.values()) == found.wall - found.ideal.makespan

    def test_the_retried_subtask_is_no_single_run(self, graph: TaskGraph):
        assert analyse(graph).weigh("actual").nodes(Basis.SEVERAL_RUNS) == nodes(graph, 302)
