"""A wheel carries what a checkout has, and works from any folder."""

import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel as pip builds it."""
    folder = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    subprocess.run([*pip, "--wheel-dir", folder, ROOT], check=True)
    return next(folder.glob("aedesk-*.whl"))


def test_the_wheel_carries_weights_atlases_maps_and_assets(wheel):
    inside = set(zipfile.ZipFile(wheel).namelist())
    for folder in ("weights", "assets"):
        for path in (ROOT / folder).rglob("*"):
            if path.is_file():
                assert f"aedesk/{path.relative_to(ROOT).as_posix()}" in inside


def test_an_installed_wheel_lists_its_models_from_any_folder(wheel, tmp_path):
    # The dependencies are this environment's own; aedesk itself comes from the wheel alone.
    home = tmp_path / "venv"
    venv.create(home, with_pip=False, system_site_packages=False)
    site = next(home.glob("lib/python*/site-packages"), home / "Lib" / "site-packages")
    zipfile.ZipFile(wheel).extractall(site)
    parents = [path for path in sys.path if path.endswith("site-packages")]
    (site / "dependencies.pth").write_text("\n".join(parents) + "\n")
    python = next(
        path for path in (home / "bin" / "python", home / "Scripts" / "python.exe") if path.exists()
    )
    code = "import aedesk; print(aedesk.__file__); print(len(aedesk.load('dense-2d').encode([[[0.0] * 28] * 28])[0]))"
    done = subprocess.run(
        [python, "-c", code], cwd=tmp_path, check=True, capture_output=True, text=True, env={}
    )
    where, size = done.stdout.split()
    assert Path(where).is_relative_to(site)
    assert size == "2"
