"""Print what the package needs to run at its lower bounds, as constraints for pip."""

from __future__ import annotations

import tomllib
from itertools import chain
from pathlib import Path

project = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))["project"]
extras = project["optional-dependencies"]
for tools in ("dev", "docs"):
    extras.pop(tools)
for requirement in chain(project["dependencies"], *extras.values()):
    if not requirement.startswith(project["name"]):
        print(requirement.replace(">=", "=="))
