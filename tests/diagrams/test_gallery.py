"""The pictures are those that were looked at."""

from __future__ import annotations

import pytest

from tests.diagrams.gallery import FOLDER, GALLERY, Picture


@pytest.mark.parametrize("picture", GALLERY, ids=lambda picture: picture.file)
def test_a_picture_is_as_it_was_looked_at(picture: Picture) -> None:
    kept = (FOLDER / picture.file).read_bytes().decode()
    assert picture.draw() == kept, "if it is better now: python -m tests.diagrams.gallery"


def test_nothing_else_is_kept() -> None:
    assert {path.name for path in FOLDER.iterdir()} == {p.file for p in GALLERY}
