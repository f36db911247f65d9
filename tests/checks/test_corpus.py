"""What real engines wrote is never an error."""

from __future__ import annotations

from pathlib import Path

import pytest

from taskgraph.api import read_documents
from taskgraph.checks.runner import check_document
from taskgraph.settings import Severity


@pytest.mark.parametrize("folder", ["ocp", "obshell"])
def test_no_error_in_a_real_document(corpus: Path, folder: str) -> None:
    paths = sorted(map(str, (corpus / folder).glob("*.json")))
    assert paths
    for document in read_documents(paths):
        for result in check_document([t.analysis for t in document.tasks]):
            errors = [f for f in result.findings if f.severity is Severity.ERROR]
            assert not errors, document.name
