"""The town's folder: nobody's real data is taken for a town, or thrown away with one."""

from __future__ import annotations

import fcntl
from pathlib import Path

import pytest

from meterledger.entrypoints.demo.folder import (
    MARK,
    Life,
    NotATown,
    begin_anew,
    default_town_folder,
    life_of,
    set_life,
)


class TestTheFolder:
    def test_is_nobodys_at_first(self, tmp_path: Path) -> None:
        assert life_of(tmp_path / "new") is Life.NONE
        assert life_of(tmp_path) is Life.NONE

    def test_remembers_how_far_the_town_has_come(self, tmp_path: Path) -> None:
        for life in (Life.LIVING, Life.LIVED):
            set_life(tmp_path, life)
            assert life_of(tmp_path) is life

    def test_with_other_data_is_refused(self, tmp_path: Path) -> None:
        (tmp_path / "ledger.db").write_bytes(b"somebody's")
        with pytest.raises(NotATown, match="holds something else than a demo town") as refusal:
            life_of(tmp_path)
        assert "--data" in refusal.value.sentence

    @pytest.mark.parametrize("words", ["", "{}", '{"life": "eternal"}', "[1]"])
    def test_with_a_mark_nobody_can_read_is_refused(self, tmp_path: Path, words: str) -> None:
        (tmp_path / MARK).write_text(words, encoding="utf-8")
        with pytest.raises(NotATown, match="does not say how far"):
            life_of(tmp_path)


class TestBeginningAnew:
    def test_removes_a_town(self, tmp_path: Path) -> None:
        set_life(tmp_path / "town", Life.LIVED)
        (tmp_path / "town" / "lake").mkdir()
        begin_anew(tmp_path / "town")
        assert not (tmp_path / "town").exists()

    def test_leaves_a_folder_that_is_not_there(self, tmp_path: Path) -> None:
        begin_anew(tmp_path / "town")
        assert not (tmp_path / "town").exists()

    def test_never_removes_other_data(self, tmp_path: Path) -> None:
        (tmp_path / "ledger.db").write_bytes(b"somebody's")
        with pytest.raises(NotATown):
            begin_anew(tmp_path)
        assert (tmp_path / "ledger.db").exists()

    def test_is_refused_while_a_command_uses_the_town(self, tmp_path: Path) -> None:
        set_life(tmp_path, Life.LIVED)
        (tmp_path / "postgres").mkdir()
        with (tmp_path / "postgres" / "users.lock").open("w") as user:
            fcntl.flock(user, fcntl.LOCK_SH)
            with pytest.raises(NotATown, match="still uses this town"):
                begin_anew(tmp_path)
        assert life_of(tmp_path) is Life.LIVED


def test_the_default_folder_is_kept_out_of_git_or_out_of_the_project() -> None:
    folder = default_town_folder()
    project = Path(__file__).resolve().parents[2]
    assert folder in (project / ".meterledger", Path("/var/lib/meterledger-demo"))
