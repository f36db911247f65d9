"""The texts that explanations are held to.

``python -m tests.reports.golden`` writes them anew: read them before you keep them.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

from taskgraph.api import LoadedTask, load_all
from taskgraph.errors import InputError
from taskgraph.reports.explaining.explanation import explain, in_short
from taskgraph.reports.task_markdown import explain_markdown
from taskgraph.reports.text.console import Style
from taskgraph.reports.text.explain import explain_text

ROOT = Path(__file__).resolve().parents[2]
FOLDER = Path(__file__).parent / "golden"


def _text(loaded: LoadedTask) -> str:
    return explain_text(explain(loaded.account), Style(width=88))


def _brief(loaded: LoadedTask) -> str:
    account = loaded.account
    return explain_text(in_short(account, explain(account)), Style(width=88))


def _markdown(loaded: LoadedTask) -> str:
    return explain_markdown(explain(loaded.account))


def _findings(loaded: LoadedTask) -> str:
    found = loaded.account.checked.findings
    return "".join(f"{f.severity} {f.code} {f.message}\n  {f.hint}\n" for f in found)


FORMS: dict[str, Callable[[LoadedTask], str]] = {
    "txt": _text,
    "brief.txt": _brief,
    "md": _markdown,
    "check.txt": _findings,
}


def readable_samples() -> list[Path]:
    """Give every sample that is one document, those of the rules apart."""
    found = sorted(path for path in (ROOT / "samples").rglob("*") if path.is_file())
    rules = ROOT / "samples" / "rules"
    return [path for path in found if rules not in path.parents and sample_tasks(path)]


def sample_tasks(path: Path) -> tuple[LoadedTask, ...]:
    """Read a sample; one that is meant to be refused has no tasks."""
    try:
        return load_all(path)
    except InputError:
        return ()


def golden_path(sample: Path, form: str) -> Path:
    """Give the file that holds what is said of a sample."""
    name = "_".join(sample.relative_to(ROOT / "samples").parts).replace(".", "_")
    return FOLDER / f"{name}.explain.{form}"


def cases() -> list[Path]:
    """Give the incidents beside the corpus; none without it."""
    corpus = os.environ.get("TASKGRAPH_CORPUS")
    folder = Path(corpus).parent / "cases" / "pictures" if corpus else ROOT / "nowhere"
    return sorted(path for path in folder.glob("*") if path.suffix != ".md")


def case_path(case: Path) -> Path:
    """Give the file that holds what is said in short of an incident."""
    return FOLDER / "cases" / f"{case.name.partition('.')[0]}.txt"


def told(sample: Path, form: str) -> str:
    """Explain every task of a sample."""
    return "\n".join(FORMS[form](loaded) for loaded in sample_tasks(sample))


def kept() -> Iterator[tuple[Path, str]]:
    """Give each sample with the forms that are kept of it.

    The samples of formats all tell one story: of those the text is enough.
    """
    for sample in readable_samples():
        yield sample, "txt"
        if sample.parent.name == "samples":
            yield sample, "md"
            yield sample, "brief.txt"
        if sample.parent.name == "engine":
            yield sample, "check.txt"


if __name__ == "__main__":
    for stale in FOLDER.glob("*.explain.*"):
        stale.unlink()
    for sample, form in kept():
        golden_path(sample, form).write_text(told(sample, form), "utf-8")
    for case in cases():
        case_path(case).write_text(told(case, "brief.txt"), "utf-8")
