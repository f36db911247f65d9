"""The built distributions hold what they must, and run where nothing else is."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

import taskgraph

pytestmark = [pytest.mark.slow, pytest.mark.uncovered]


def run(*command: str | Path, cwd: Path) -> str:
    """Run a program that must succeed; give what it wrote to standard output."""
    outside = {name: text for name, text in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        command, cwd=cwd, env=outside, capture_output=True, encoding="utf-8", check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def checkout(
    tracked: list[Path], root: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A copy of the tracked files."""
    copy = tmp_path_factory.mktemp("checkout")
    for path in tracked:
        target = copy / path.relative_to(root)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, target)
    return copy


@pytest.fixture(scope="module")
def distributions(checkout: Path) -> Path:
    """The folder with the source distribution and the wheel that was built from it."""
    run(sys.executable, "-m", "build", "--no-isolation", cwd=checkout)
    return checkout / "dist"


def test_the_wheel_holds_the_package_whole_and_nothing_else(
    distributions: Path, tracked: list[Path], root: Path
) -> None:
    (wheel,) = distributions.glob("*.whl")
    names = {
        name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name
    }
    files = {path.relative_to(root).as_posix() for path in tracked}
    assert names == {name for name in files if name.startswith("taskgraph/")}
    assert "taskgraph/py.typed" in names


def test_the_source_distribution_holds_samples_and_tests(
    distributions: Path, samples: Path
) -> None:
    (archive,) = distributions.glob("*.tar.gz")
    with tarfile.open(archive) as tar:
        names = {name.partition("/")[2] for name in tar.getnames()}
    assert {f"samples/{path.name}" for path in samples.glob("*.json")} <= names
    assert {"LICENSE", "README.md", "gate.py", "tests/conftest.py"} <= names


def test_the_wheel_runs_in_an_environment_of_its_own(
    distributions: Path, samples: Path, tmp_path: Path
) -> None:
    environment = tmp_path / "environment"
    run(sys.executable, "-m", "venv", "--without-pip", environment, cwd=tmp_path)
    scripts = environment / "bin"
    (wheel,) = distributions.glob("*.whl")
    python = ("--python", scripts / "python")
    options = ("--quiet", "--no-deps", "--no-index", "--disable-pip-version-check")
    run(sys.executable, "-m", "pip", *python, "install", *options, wheel, cwd=tmp_path)
    (packages,) = environment.glob("lib/*/site-packages")
    libraries = Path(pytest.__file__).parent.parent
    (packages / "dependencies.pth").write_text(f"{libraries}\n")

    script = "import taskgraph; print(taskgraph.__file__)"
    found = run(scripts / "python", "-c", script, cwd=tmp_path).strip()
    assert Path(found) == packages / "taskgraph" / "__init__.py"
    for command in ([scripts / "taskgraph"], [scripts / "python", "-m", "taskgraph"]):
        version = run(*command, "--version", cwd=tmp_path)
        assert version == f"taskgraph {taskgraph.__version__}\n"
    picture = tmp_path / "task.svg"
    stop = samples / "obproxy_stop.json"
    run(scripts / "taskgraph", "render", stop, "-o", picture, cwd=tmp_path)
    assert picture.read_text(encoding="utf-8").startswith("<")
