"""Data sets by name: facts about them, their files in torchvision's layout, the ways out when missing."""

import gzip

import numpy as np
import pytest

from aedesk.data import sources
from aedesk.data.catalogue import SOURCES
from aedesk.errors import AedeskError


def test_mnist_is_the_published_set(mnist):
    assert (len(mnist.train), len(mnist.test)) == (60_000, 10_000)
    assert mnist.train.pixels().mean() == pytest.approx(0.1307, abs=5e-5)
    assert mnist.train.pixels().std() == pytest.approx(0.3081, abs=5e-5)
    counts = [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    assert np.bincount(mnist.train.labels).tolist() == counts
    assert mnist.train.labels[:5].tolist() == [5, 0, 4, 1, 9]
    assert mnist.train.classes == tuple("0123456789")


def test_digits_are_all_there_and_split_by_digit(digits):
    assert len(digits.train) + len(digits.test) == 1797
    assert np.bincount(digits.test.labels).min() >= 34
    assert sources.is_present("digits")
    assert f"{len(digits.train):,} to train and {len(digits.test)} to test" in sources.describe("digits")


def test_a_data_set_is_found_from_any_folder_by_its_name_in_full(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    for folder in ("here", "there"):
        (tmp_path / folder).mkdir()
    monkeypatch.chdir(tmp_path / "here")
    np.savez("own.npz", images=np.random.default_rng(0).integers(1, 256, (6, 28, 28), np.uint8))
    (tmp_path / "here" / "digits").mkdir()
    full = sources.in_full("own.npz")
    expected = sources.load("own.npz").train.images
    assert sources.in_full("~/here/own.npz") == full
    monkeypatch.chdir(tmp_path / "there")
    np.testing.assert_array_equal(sources.load(full).train.images, expected)
    assert sources.in_full(full) == full
    for name in ("digits", "mnist", "gone.npz", "no\0file", "~nobody-here/x"):
        assert sources.in_full(name) == name


def test_digits_look_like_mnist(digits):
    pixels = digits.train.pixels()
    assert pixels.mean() == pytest.approx(0.1307, abs=0.01)
    assert pixels.max() == 1
    rows = pixels.sum(axis=2) @ np.arange(28) / pixels.sum(axis=(1, 2))
    columns = pixels.sum(axis=1) @ np.arange(28) / pixels.sum(axis=(1, 2))
    assert np.abs(np.median(rows) - 13.5) < 0.2
    assert np.abs(columns - 13.5).max() < 1


@pytest.mark.parametrize("packed", [False, True])
def test_files_in_torchvisions_layout_are_found_plain_or_gzipped(lay, tmp_path, packed):
    for part in ("train", "t10k"):
        lay(tmp_path / "FashionMNIST/raw", part, packed=packed)
    assert sources.is_present("fashion-mnist", tmp_path)
    assert not sources.is_present("mnist", tmp_path)
    clothes = sources.load("fashion-mnist", data_dir=tmp_path, offline=True)
    assert len(clothes.train) == len(clothes.test) == 20
    assert clothes.train.classes[9] == "Ankle boot"


def test_emnist_is_turned_upright_and_counts_its_letters_from_zero(lay, encode, tmp_path):
    folder = tmp_path / "EMNIST/raw"
    for part in ("emnist-letters-train", "emnist-letters-test"):
        lay(folder / "gzip", part, packed=True, first_label=1)
    lying = np.zeros((20, 28, 28))
    lying[:, 3, 20] = 255  # columns first: the pixel in row 20, column 3
    (folder / "gzip/emnist-letters-train-images-idx3-ubyte.gz").write_bytes(gzip.compress(encode(lying)))
    letters = sources.load("emnist-letters", data_dir=tmp_path, offline=True)
    assert letters.train.images[0, 20, 3] == 255
    assert letters.train.images.flags.c_contiguous
    assert letters.train.labels[:3].tolist() == [0, 1, 2]
    assert letters.train.classes[:3] == ("a", "b", "c")


def test_what_is_missing_offline_is_told_with_both_ways_out(tmp_path):
    with pytest.raises(AedeskError) as refusal:
        sources.load("kmnist", data_dir=tmp_path, offline=True)
    for word in (str(tmp_path), "KMNIST/raw/train-images", "aedesk fetch kmnist --data-dir", "--data digits"):
        assert word in str(refusal.value)


def test_an_unknown_name_is_answered_with_the_known_ones():
    for name in ("mnits", "no/such/file.npz", "x" * 5000, "\0"):
        with pytest.raises(AedeskError) as refusal:
            sources.load(name)
        assert all(known in str(refusal.value) for known in sources.NAMES)


@pytest.mark.parametrize(
    ("file", "values", "complaint"),
    [
        ("train-images-idx3-ubyte", np.zeros((20, 28, 27)), "28x27, not 28x28"),
        ("train-images-idx3-ubyte", np.zeros((20, 28)), "no file of images"),
        ("train-labels-idx1-ubyte", np.zeros(19), "19 labels, but train-images-idx3-ubyte has 20 images"),
        ("t10k-labels-idx1-ubyte", np.arange(20), "a label 10, outside 0 to 9"),
        ("t10k-labels-idx1-ubyte", np.zeros((20, 28, 28)), "no file of labels"),
    ],
)
def test_files_that_do_not_fit_are_named_with_the_way_to_replace_them(
    lay, encode, tmp_path, file, values, complaint
):
    for part in ("train", "t10k"):
        lay(tmp_path / "MNIST/raw", part)
    (tmp_path / "MNIST/raw" / file).write_bytes(encode(values))
    with pytest.raises(AedeskError) as refusal:
        sources.load("mnist", data_dir=tmp_path)
    for word in (file, complaint, f"aedesk fetch mnist --data-dir {tmp_path}"):
        assert word in str(refusal.value)


def test_every_known_set_is_described_in_one_line():
    assert set(sources.NAMES) == {*SOURCES, "digits"}
    for name in sources.NAMES:
        assert "train" in sources.describe(name)
        assert "\n" not in sources.describe(name)


def test_the_size_of_a_fetch_is_told_of_every_set_that_is_fetched():
    assert sources.fetch_size("mnist") == "12 MB"
    for name in SOURCES:
        assert f"(a fetch of {sources.fetch_size(name)})" in sources.describe(name)
    assert "fetch" not in sources.describe("digits")
