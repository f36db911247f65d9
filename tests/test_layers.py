"""The layers of the package are enforced, and the contracts bite."""

from __future__ import annotations

import os
import re
import subprocess
import sysconfig
import tomllib
from pathlib import Path

import grimp
import networkx
import pytest

pytestmark = pytest.mark.slow

LAYERS = "each layer imports only those below it"
LINT_IMPORTS = Path(sysconfig.get_path("scripts")) / "lint-imports"


@pytest.fixture
def skeleton(root: Path, tmp_path: Path) -> Path:
    """A package with an empty module for each layer, under the project's contracts."""
    configuration = (root / "pyproject.toml").read_bytes()
    (tmp_path / "pyproject.toml").write_bytes(configuration)
    contracts = tomllib.loads(configuration.decode())["tool"]["importlinter"]["contracts"]
    names = re.findall(r"\w+", " ".join(contracts[0]["layers"]))
    for name in ("", *names, "reports/text", "graph/deep"):
        package = tmp_path / "taskgraph" / name
        package.mkdir()
        (package / "__init__.py").touch()
    return tmp_path


def broken_contracts(folder: Path) -> list[str]:
    """Run import-linter in a folder and give the names of the contracts that broke."""
    done = subprocess.run(
        [LINT_IMPORTS, "--no-logo", "--no-cache"],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(folder), "COLUMNS": "200"},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert "Contracts: " in done.stdout, done.stdout + done.stderr
    broken = re.findall(r"^(.+?) BROKEN$", done.stdout, re.MULTILINE)
    assert bool(broken) == bool(done.returncode)
    return broken


def test_imports_downwards_are_kept(skeleton: Path) -> None:
    allowed = {
        "__main__": "import taskgraph.cli",
        "cli": "import click, rich.table\nimport taskgraph.api, taskgraph.config",
        "api": "import taskgraph.config, taskgraph.reports.text, taskgraph.history",
        "reports": "import jinja2\nimport taskgraph.diagrams, taskgraph.history",
        "reports/text": "from rich.console import Console",
        "history": "import dask.bag, duckdb, polars, pyarrow\nimport taskgraph.checks",
        "diagrams": "import graphviz",
        "analysis": "def f():\n    import networkx\nimport taskgraph.graph",
        "graph/deep": "import networkx\nimport taskgraph.model",
        "sources": "import taskgraph.model, taskgraph.errors, taskgraph.privacy",
        "privacy": "import taskgraph.settings, taskgraph.model",
        "settings": "import pydantic, taskgraph.model",
    }
    for module, code in allowed.items():
        (skeleton / "taskgraph" / module / "__init__.py").write_text(code)
    assert broken_contracts(skeleton) == []


@pytest.mark.parametrize(
    ("module", "code", "contract"),
    [
        ("errors", "import taskgraph.model", LAYERS),
        ("model", "import taskgraph.settings", LAYERS),
        ("settings", "import taskgraph.privacy", LAYERS),
        ("privacy", "import taskgraph.sources", LAYERS),
        ("model", "def f():\n    from taskgraph.graph import g", LAYERS),
        ("graph/deep", "import taskgraph.sources", LAYERS),
        ("history", "import taskgraph.reports", LAYERS),
        ("history", "import taskgraph.diagrams", LAYERS),
        ("diagrams", "import taskgraph.history", LAYERS),
        ("api", "import taskgraph.cli", LAYERS),
        ("reports", "import taskgraph.config", LAYERS),
        ("newcomer", "", LAYERS),
        ("api", "import click", "click only in cli"),
        ("reports", "import rich", "rich only in cli and reports.text"),
        ("graph", "import rich.tree", "rich only in cli and reports.text"),
        ("cli", "import jinja2", "graphviz and jinja2 only in diagrams and reports"),
        ("analysis", "import graphviz", "graphviz and jinja2 only in diagrams and reports"),
        ("checks", "import networkx", "networkx only in graph and analysis"),
        ("history", "import zipfile", "archives only in sources"),
        ("api", "import polars", "engines for many documents only in history"),
    ],
)
def test_an_import_that_does_not_belong_is_told(
    skeleton: Path, module: str, code: str, contract: str
) -> None:
    package = skeleton / "taskgraph" / module
    package.mkdir(exist_ok=True)
    (package / "__init__.py").write_text(code)
    assert broken_contracts(skeleton) == [contract]


def test_the_way_round_through_the_package_itself_is_told(skeleton: Path) -> None:
    (skeleton / "taskgraph" / "__init__.py").write_text("import taskgraph.api")
    (skeleton / "taskgraph" / "graph" / "__init__.py").write_text("import taskgraph")
    assert broken_contracts(skeleton) == [LAYERS]


@pytest.fixture(scope="module")
def imports() -> networkx.DiGraph[str]:
    """Which module imports which, by whatever way and wherever in its text."""
    modules = grimp.build_graph("taskgraph")
    return networkx.DiGraph(
        (module, other)
        for module in modules.modules
        for other in modules.find_modules_directly_imported_by(module)
    )


def test_no_two_modules_import_each_other(imports: networkx.DiGraph[str]) -> None:
    parts = networkx.strongly_connected_components(imports)
    assert [sorted(part) for part in parts if len(part) > 1] == []


def test_nobody_imports_past_a_face(imports: networkx.DiGraph[str]) -> None:
    """What a package offers by its face is imported by its face alone."""
    offered = {
        (package, module)
        for package, module in imports.edges
        if module.startswith(f"{package}.") and package != "taskgraph"
    }
    assert ("taskgraph.api", "taskgraph.api.loading") in offered
    assert not [
        (reader, module)
        for package, module in offered
        for reader in imports.predecessors(module)
        if reader != package and not reader.startswith(f"{package}.")
    ]
