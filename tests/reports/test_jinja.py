"""The page's templates come out of the cache as they went in; what is damaged there is made anew."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from privscan import kept
from privscan.reports import html, jinja

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from privscan.model import Report


def test_the_page_is_the_same_with_and_without_a_cache(full: Report, tmp_path: Path) -> None:
    plain = html.render(full)
    assert html.render(full, None, str(tmp_path / "made")) == plain
    made = sorted((tmp_path / "made").iterdir())
    assert made
    assert (tmp_path / "made").stat().st_mode & 0o777 == 0o700
    before = [file.stat().st_ino for file in made]
    assert html.render(full, None, str(tmp_path / "made")) == plain
    assert [file.stat().st_ino for file in made] == before  # none was written again


@pytest.mark.parametrize(
    "damage",
    [
        lambda file: file.write_bytes(b""),
        lambda file: file.write_bytes(file.read_bytes()[:-1]),
        lambda file: kept.store(str(file), b"no templates"),
    ],
    ids=["empty", "cut", "other"],
)
def test_damaged_templates_are_made_anew(full: Report, tmp_path: Path, damage: Callable[[Path], object]) -> None:
    page = html.render(full, None, str(tmp_path))
    for file in tmp_path.iterdir():
        damage(file)
    assert html.render(full, None, str(tmp_path)) == page


def test_a_cache_that_cannot_be_written_costs_time_only(full: Report, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    assert html.render(full, None, str(tmp_path / "file")) == html.render(full)


def test_a_changed_template_is_not_taken_for_the_one_kept(tmp_path: Path) -> None:
    made = jinja.environment(str(tmp_path))
    assert made.bytecode_cache is not None
    for count, source in enumerate(("{{ 1 }}", "{{ 2 }}"), 1):
        bucket = made.bytecode_cache.get_bucket(made, "page", "page", source)
        assert bucket.code is None
        bucket.code = made.compile(source)
        made.bytecode_cache.set_bucket(bucket)
        assert made.bytecode_cache.get_bucket(made, "page", "page", source).code is not None
        assert len(list(tmp_path.iterdir())) == count
