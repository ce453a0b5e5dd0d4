"""Where everything lies: what the environment says goes first, and nothing is written beside the code."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from aedesk import paths

USER = {"runs": paths.runs, "data": paths.data, "cache": paths.cache, "settings": paths.settings}
Where = Callable[[], Path]


@pytest.mark.parametrize(("kind", "where"), USER.items())
def test_aedesk_home_holds_all_that_is_the_users(
    kind: str, where: Where, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AEDESK_DATA_DIR", raising=False)
    monkeypatch.setenv("AEDESK_HOME", str(tmp_path))
    assert where() == tmp_path / kind
    assert list(tmp_path.iterdir()) == []  # asking makes nothing


@pytest.mark.parametrize("where", USER.values())
@pytest.mark.parametrize("home", [None, ""])
def test_without_a_home_each_kind_goes_where_the_platform_keeps_it(
    where: Where, home: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AEDESK_DATA_DIR", raising=False)
    monkeypatch.delenv("AEDESK_HOME", raising=False)
    if home is not None:
        monkeypatch.setenv("AEDESK_HOME", home)
    folder = where()
    assert folder.is_absolute()
    assert "aedesk" in folder.parts
    assert Path(paths.__file__).parent not in folder.parents


def test_the_four_kinds_never_share_a_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AEDESK_DATA_DIR", raising=False)
    monkeypatch.delenv("AEDESK_HOME", raising=False)
    assert len({where() for where in USER.values()}) == 4


def test_the_data_folder_is_the_one_asked_for_then_that_of_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AEDESK_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("AEDESK_DATA_DIR", str(tmp_path / "sets"))
    assert paths.data(tmp_path / "asked") == tmp_path / "asked"
    assert paths.data(str(tmp_path / "asked")) == tmp_path / "asked"
    assert paths.data() == tmp_path / "sets"
    monkeypatch.setenv("AEDESK_DATA_DIR", "")
    assert paths.data() == tmp_path / "home" / "data"


def test_a_tilde_is_the_users_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AEDESK_HOME", "~/portable")
    monkeypatch.setenv("AEDESK_DATA_DIR", "~/sets")
    assert paths.runs() == Path.home() / "portable" / "runs"
    assert paths.data() == Path.home() / "sets"


@pytest.mark.skipif(os.name == "nt", reason="Windows makes up a folder for any user")
def test_the_folder_of_nobody_is_taken_as_it_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AEDESK_HOME", "~nobody-of-this-name/portable")
    monkeypatch.setenv("AEDESK_DATA_DIR", "~nobody-of-this-name/sets")
    assert paths.settings() == Path("~nobody-of-this-name/portable/settings")
    assert paths.data() == Path("~nobody-of-this-name/sets")


def test_shipped_folders_lie_beside_the_package_or_inside_an_installed_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "aedesk"
    package.mkdir()
    monkeypatch.setattr(paths, "_PACKAGE", package)
    assert paths.weights() == tmp_path / "weights"
    assert paths.assets() == tmp_path / "assets"
    (package / "weights").mkdir()
    assert paths.weights() == package / "weights"
    assert paths.assets() == tmp_path / "assets"


def test_the_shipped_folder_of_this_code_does_not_depend_on_where_one_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = paths.weights(), paths.assets()
    monkeypatch.chdir(tmp_path)
    assert (paths.weights(), paths.assets()) == before
    assert all(folder.is_absolute() for folder in before)
