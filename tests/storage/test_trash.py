import os
import tempfile
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aedesk.errors import AedeskError
from aedesk.storage import trash
from aedesk.storage.lock import RunLock
from aedesk.storage.run_cards import list_cards


def make_run(folder: Path, name: str, text: str = "") -> Path:
    run = folder / name
    (run / "epochs").mkdir(parents=True)
    (run / "config.json").write_text(f'{{"preset": "{text or name}"}}')
    (run / "epochs" / "00001.safetensors").write_text("x")
    return run


def contents(folder: Path) -> dict[str, str]:
    """What each run's settings say."""
    return {
        run.name: (run / "config.json").read_text() for run in folder.iterdir() if run.name != trash.TRASH
    }


def test_a_deleted_run_is_gone_from_the_list_and_comes_back_whole(tmp_path: Path) -> None:
    run = make_run(tmp_path, "a")
    token = trash.put(run)
    assert not run.exists()
    assert list_cards(tmp_path) == []
    assert trash.restore(token) == run
    assert (run / "epochs" / "00001.safetensors").read_text() == "x"
    assert not (tmp_path / trash.TRASH).exists()


def test_a_run_whose_name_is_taken_by_now_comes_back_under_another(tmp_path: Path) -> None:
    token = trash.put(make_run(tmp_path, "a", "old"))
    make_run(tmp_path, "a", "new")
    make_run(tmp_path, "a-2", "other")
    assert trash.restore(token) == tmp_path / "a-3"
    assert contents(tmp_path) == {
        "a": '{"preset": "new"}', "a-2": '{"preset": "other"}', "a-3": '{"preset": "old"}',
    }  # fmt: skip


def test_two_runs_of_one_name_may_lie_in_the_trash(tmp_path: Path) -> None:
    first = trash.put(make_run(tmp_path, "a", "first"))
    second = trash.put(make_run(tmp_path, "a", "second"))
    trash.restore(first)
    assert contents(tmp_path) == {"a": '{"preset": "first"}'}
    trash.restore(second)
    assert contents(tmp_path)["a-2"] == '{"preset": "second"}'


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("dur"), st.integers(0, 5)), max_size=25))
def test_no_order_of_delete_undo_and_rename_loses_a_run(steps: list[tuple[str, int]]) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for index in range(4):
            make_run(folder, f"run-{index}")
        everything = sorted(contents(folder).values())
        deleted: list[tuple[trash.Token, str]] = []
        for verb, which in steps:
            here = sorted(contents(folder))
            if verb == "d" and here:
                run = folder / here[which % len(here)]
                said = contents(folder)[run.name]
                deleted.append((trash.put(run), said))
            elif verb == "u" and deleted:
                token, said = deleted.pop(which % len(deleted))
                assert said == (trash.restore(token) / "config.json").read_text()
            elif verb == "r" and here:
                target = f"run-{which}"
                taken = target in here and target != here[0]
                try:
                    assert trash.rename(folder / here[0], target).name == target
                    assert not taken
                except AedeskError:
                    assert taken
            told = sorted([*contents(folder).values(), *(said for _, said in deleted)])
            assert told == everything
        for token, _ in deleted:
            trash.purge(token)
        assert not (folder / trash.TRASH).exists()


def test_a_run_in_training_is_neither_deleted_nor_renamed(tmp_path: Path) -> None:
    run = make_run(tmp_path, "a")
    with RunLock(run).held():
        with pytest.raises(AedeskError, match="being trained"):
            trash.put(run)
        with pytest.raises(AedeskError, match="being trained"):
            trash.rename(run, "b")
    assert contents(tmp_path).keys() == {"a"}
    assert not (tmp_path / trash.TRASH).exists()
    assert trash.rename(run, "b") == tmp_path / "b"


def test_what_is_not_there_or_only_a_link_is_refused(tmp_path: Path) -> None:
    for act in (trash.put, lambda path: trash.rename(path, "b")):
        with pytest.raises(AedeskError, match="not there any more"):
            act(tmp_path / "a")
    make_run(tmp_path / "elsewhere", "run")
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere" / "run")
    with pytest.raises(AedeskError, match="a link"):
        trash.put(tmp_path / "link")
    token = trash.put(make_run(tmp_path, "a"))
    trash.purge(token)
    trash.purge(token)
    with pytest.raises(AedeskError, match="deleted for good"):
        trash.restore(token)


def test_only_what_was_left_behind_long_ago_is_emptied(tmp_path: Path) -> None:
    old, new = trash.put(make_run(tmp_path, "old")), trash.put(make_run(tmp_path, "new"))
    then = time.time() - 2 * trash.A_DAY
    os.utime(old.kept.parent, (then, then))
    trash.empty(tmp_path)
    assert not old.kept.exists()
    assert trash.restore(new) == tmp_path / "new"
    trash.empty(tmp_path)
    trash.empty(tmp_path / "missing")


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("", "empty"),
        ("   ", "empty"),
        ("a/b", "cannot hold"),
        ("..", "begin with a dot"),
        (".trash", "begin with a dot"),
        ("-o", "begin with"),
        ("~", "begin with"),
        ("a.", "end with a dot"),
        ("a\nb", "do not show"),
        ("a\ud800", "do not show"),
        ("x" * 81, "too long"),
        ("\U0001f600" * 80, "too long"),
        ("NUL", "Windows"),
        ("com1.txt", "Windows"),
        ("dense-32", "shipped model"),
    ],
)
def test_a_name_that_some_system_would_not_take_is_refused_in_words(
    tmp_path: Path, name: str, why: str
) -> None:
    run = make_run(tmp_path, "a")
    with pytest.raises(AedeskError, match=why):
        trash.rename(run, name)
    assert run.exists()


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=90))
def test_whatever_is_typed_as_a_name_the_run_has_it_or_keeps_its_own(name: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        run, other = make_run(Path(folder), "a"), make_run(Path(folder), "b")
        try:
            new = trash.rename(run, name)
        except AedeskError:
            new = run
        assert new.parent == Path(folder)
        assert contents(Path(folder)) == {new.name: '{"preset": "a"}', "b": '{"preset": "b"}'}
        assert other.exists()


def test_a_name_that_is_taken_is_refused_even_by_an_empty_folder_or_a_file(tmp_path: Path) -> None:
    run = make_run(tmp_path, "a")
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").touch()
    for name in ("empty", "file"):
        with pytest.raises(AedeskError, match="taken already"):
            trash.rename(run, name)
    assert trash.rename(run, " a ") == run
    assert trash.rename(run, "  é b ") == tmp_path / "é b"
