"""What holds for the project's files as a whole."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator
from importlib.metadata import packages_distributions
from itertools import chain
from pathlib import Path
from typing import Any

import pytest

import taskgraph
from taskgraph.model import engine, statuses
from taskgraph.model.task import Operation, Status

pytestmark = pytest.mark.uncovered

REGISTRIES = re.compile(r"py[p]i\.org|python[h]osted\.org|npm[j]s\.(?:org|com)")


@pytest.fixture(scope="session")
def modules(tracked: list[Path]) -> dict[Path, ast.Module]:
    """The syntax tree of every tracked Python file."""
    return {
        path: ast.parse(path.read_text(encoding="utf-8"))
        for path in tracked
        if path.suffix == ".py"
    }


@pytest.fixture(scope="session")
def metadata(root: Path) -> dict[str, Any]:
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    return dict(project["project"])


def test_no_real_document_is_tracked(corpus: Path, tracked: list[Path]) -> None:
    real = [path for path in corpus.rglob("*") if path.is_file()]
    names, contents = {path.name for path in real}, {path.read_bytes() for path in real}
    assert not [path for path in tracked if path.name in names]
    assert not [path for path in tracked if path.read_bytes() in contents]


def test_no_text_names_a_folder_of_this_machine(root: Path, tracked: list[Path]) -> None:
    everywhere = {Path("/"), Path("/tmp"), Path("/home")}
    folders = {root, root.parent, Path.home(), Path(sys.prefix)} - everywhere
    own = re.compile("|".join(rf"(?<![\w.~]){re.escape(str(path))}/" for path in folders))
    assert not list(_lines_with(own, tracked))


def test_no_text_names_the_host_of_a_package_registry(tracked: list[Path]) -> None:
    assert not list(_lines_with(REGISTRIES, tracked))


def test_no_text_tells_to_install_what_another_project_calls_taskgraph(
    tracked: list[Path],
) -> None:
    command = re.compile(
        r"(?:pip|pipx|uv|uvx)\b[^|;&\n]*\sinstall\s[^|;&\n]*(?<![-/])\btaskgraph\b"
    )
    assert not list(_lines_with(command, tracked))


def _lines_with(pattern: re.Pattern[str], paths: list[Path]) -> Iterator[str]:
    for path in paths:
        text = path.read_text(encoding="utf-8", errors="ignore")
        for number, line in enumerate(text.splitlines(), 1):
            if pattern.search(line):
                yield f"{path}:{number}: {line.strip()}"


def test_every_module_says_what_it_is_for(modules: dict[Path, ast.Module]) -> None:
    assert not [path for path, tree in modules.items() if not ast.get_docstring(tree)]


def test_no_two_classes_have_one_name(root: Path, modules: dict[Path, ast.Module]) -> None:
    """A word means one thing; what a module keeps to itself may be called as it likes."""
    names = Counter(
        node.name
        for path, module in modules.items()
        if path.is_relative_to(root / "taskgraph")
        for node in module.body
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_")
    )
    assert [name for name, count in names.items() if count > 1] == []


def test_a_set_of_statuses_or_operations_has_one_place(
    root: Path, modules: dict[Path, ast.Module]
) -> None:
    """What the model names is not written again, and neither is anything else twice."""
    named = chain(vars(engine).values(), vars(statuses).values())
    kinds = Status | Operation
    known = {
        frozenset(value)
        for value in named
        if isinstance(value, frozenset | tuple) and all(isinstance(v, kinds) for v in value)
    }
    written = Counter[frozenset[str]]()
    for path, module in modules.items():
        if not path.is_relative_to(root / "taskgraph"):
            continue
        if not path.is_relative_to(root / "taskgraph" / "model"):
            written.update(_sets_of_words(module))
    assert known
    assert [
        sorted(words) for words in written if words in known or written[words] > 1
    ] == []


def _sets_of_words(module: ast.Module) -> Iterator[frozenset[str]]:
    for node in ast.walk(module):
        if isinstance(node, ast.Set | ast.Tuple | ast.List) and len(node.elts) > 1:
            words = re.findall(r"\b(Status|Operation)\.([A-Z_]+)", ast.unparse(node))
            if len(words) == len(node.elts):
                kinds = {"Status": Status, "Operation": Operation}
                yield frozenset(kinds[kind][word] for kind, word in words)


def test_the_changelog_tells_of_the_current_version(root: Path) -> None:
    changelog = (root / "CHANGELOG.md").read_text(encoding="utf-8")
    assert f"\n## [{taskgraph.__version__}]" in changelog


def test_the_package_imports_what_it_depends_on_and_nothing_else(
    root: Path, modules: dict[Path, ast.Module], metadata: dict[str, Any]
) -> None:
    package = root / "taskgraph"
    trees = [tree for path, tree in modules.items() if path.is_relative_to(package)]
    extras = dict(metadata["optional-dependencies"])
    del extras["dev"]
    core, optional = _names(metadata["dependencies"]), _names(chain(*extras.values()))
    assert core <= _imported(trees)
    # pydantic pins one version of its core, and has some of its names only there.
    assert _imported(trees) <= core | optional | {"pydantic-core"}


def test_the_tests_import_only_what_the_extra_dev_installs(
    root: Path, modules: dict[Path, ast.Module], metadata: dict[str, Any]
) -> None:
    package = root / "taskgraph"
    trees = [tree for path, tree in modules.items() if not path.is_relative_to(package)]
    extras = metadata["optional-dependencies"]
    brought = re.findall(r"\w+(?=[],])", extras["dev"][0])
    requirements = chain(*(extras[name] for name in ["dev", *brought]))
    assert _imported(trees) <= _names([*metadata["dependencies"], *requirements])


def _imported(trees: list[ast.Module]) -> set[str]:
    """Give the distributions that hold what is imported, the standard library's apart."""
    own = {"taskgraph", "tests", "gate", "benchmarks", "conftest"}
    names = set()
    for tree in trees:
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                names |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                names.add((node.module or "").partition(".")[0])
    distributions = packages_distributions()
    foreign = names - own - sys.stdlib_module_names
    return {_normal(distributions.get(name, [name])[0]) for name in foreign}


def _names(requirements: Iterable[str]) -> set[str]:
    return {_normal(re.split(r"[^\w.-]", text)[0]) for text in requirements}


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_continuous_integration_runs_the_test_command_of_the_readme(root: Path) -> None:
    readme = (root / "README.md").read_text(encoding="utf-8")
    commands = re.findall(r"^.*\.venv/bin/python gate\.py$", readme, re.MULTILINE)
    assert len(commands) == 1
    assert commands[0] in (root / ".ci" / "run").read_text(encoding="utf-8").splitlines()
