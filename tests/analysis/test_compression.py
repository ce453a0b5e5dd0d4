"""Compression by a model: what comes back, what it is said to cost, and whose file it is."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from polling import PATIENCE

from aedesk import paths
from aedesk.analysis.compression import Codec, compress, decompress, find_model, unrounded
from aedesk.analysis.fidelity import psnr
from aedesk.errors import AedeskError, Cancelled
from aedesk.latent.atlas import Atlas, atlas_for
from aedesk.models.architecture import Architecture
from aedesk.models.model import Model
from aedesk.models.presets import PRESETS
from aedesk.storage import aez, library
from aedesk.storage.checkpoint import Checkpoint, save
from aedesk.storage.levels import KINDS, Levels


@pytest.fixture(scope="module")
def model() -> Model:
    return library.load_model("dense-32")


@pytest.fixture(scope="module")
def atlas() -> Atlas:
    found = atlas_for(library.resolve("dense-32"))
    assert found is not None
    return found


@pytest.fixture(scope="module")
def images(mnist) -> np.ndarray:
    return mnist.test.pixels(slice(3000))


def untrained(
    name: str, seed: int, architecture: Architecture = PRESETS["dense-2d"].architecture
) -> Checkpoint:
    rng = np.random.default_rng(seed)
    shapes = architecture.tensor_shapes
    weights = {name: rng.normal(0, 0.05, shape).astype(np.float32) for name, shape in shapes.items()}
    return Checkpoint(name, architecture, weights)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("bits", [2, 4, 8, 16])
def test_codes_come_back_bit_for_bit_and_pictures_as_the_model_rebuilds_them(
    model, atlas, images, tmp_path: Path, bits, kind
) -> None:
    some = images[:20]
    made = compress(
        model, some, bits=bits, kind=kind, names=[f"{n}.png" for n in range(20)], codes=atlas.codes
    )
    aez.write(tmp_path / "some.aez", made)
    read = aez.read(tmp_path / "some.aez")
    assert read.codes.tobytes() == made.codes.tobytes()
    assert read.names == made.names
    rebuilt = decompress(read, model)
    assert np.array_equal(rebuilt, model.decode(made.codes))
    if bits >= 8:
        assert np.abs(rebuilt - model.reconstruct(some)).mean() < 0.01


def test_other_counts_of_threads_read_the_same_codes_and_pictures_within_a_255th(
    model, atlas, images, tmp_path: Path
) -> None:
    made = compress(model, images[:400], codes=atlas.codes)
    aez.write(tmp_path / "some.aez", made)
    script = (
        "import sys, torch, numpy as np; torch.set_num_threads(3)\n"
        "from aedesk.storage import aez, library\n"
        "from aedesk.analysis.compression import decompress, find_model\n"
        "read = aez.read(sys.argv[1])\n"
        "np.savez(sys.argv[2], codes=read.codes, images=decompress(read, library.load_model(find_model(read))))"
    )
    out = tmp_path / "read.npz"
    subprocess.run([sys.executable, "-c", script, tmp_path / "some.aez", out], check=True, timeout=PATIENCE)
    with np.load(out) as there:
        assert there["codes"].tobytes() == made.codes.tobytes()
        assert np.abs(there["images"] - decompress(made, model)).max() < 1 / 255


def test_one_picture_makes_a_file_smaller_than_its_png(model, atlas, images) -> None:
    for kind, most in (("uniform", 160), ("kmeans", 600)):
        _, sizes = aez.pack(compress(model, images[:1], kind=kind, codes=atlas.codes))
        assert sizes.file < most
        assert sizes.payload <= 20


def test_the_bits_that_are_told_are_those_that_the_coder_takes(model, atlas, images) -> None:
    codec = Codec.fit(model, atlas.codes, 4)
    told = codec.bits(model.encode(images))
    assert told.shape == (len(images),)
    assert (told > 0).all()
    indices = codec.quantiser.indices(model.encode(images))
    _, sizes = aez.pack(aez.Aez("x", "00" * 16, codec.quantiser.table, indices))
    # The file had to learn what the codec knows: on 3,000 images a few bits each.
    assert told.mean() < sizes.code_bits < 1.1 * told.mean()
    entropy = 0.0
    for column in indices.T:
        chance = np.bincount(column) / len(column)
        entropy -= (chance[chance > 0] * np.log2(chance[chance > 0])).sum()
    assert told.mean() < 0.95 * entropy  # what groups of alike images save


@pytest.mark.parametrize("kind", KINDS)
def test_more_bits_cost_more_and_lose_less(model, atlas, images, kind) -> None:
    codes = model.encode(images[:500])
    bits, decibels = [], []
    for each in (2, 3, 4, 6, 8):
        codec = Codec.fit(model, atlas.codes, each, kind)
        bits.append(codec.bits(codes).mean())
        decibels.append(psnr(model.decode(codec.quantised(codes)), images[:500]).mean())
    assert (np.diff(bits) > 0).all()
    assert (np.diff(decibels) > 0).all()
    assert decibels[-1] == pytest.approx(psnr(model.decode(codes), images[:500]).mean(), abs=0.05)


def test_codes_that_an_atlas_rounded_are_spread_again_and_zeros_stay(atlas) -> None:
    spread = unrounded(atlas.codes)
    assert len(np.unique(spread[:, 0])) > 10 * len(np.unique(atlas.codes[:, 0]))
    steps = [np.diff(np.unique(column)).min() for column in atlas.codes.T]
    assert (np.abs(spread - atlas.codes).max(axis=0) <= 0.51 * np.array(steps)).all()
    assert (spread[atlas.codes == 0] == 0).all()
    exact = np.random.default_rng(0).normal(size=(1000, 3)).astype(np.float32)
    assert np.array_equal(unrounded(exact), exact)


def test_bytes_and_floats_of_the_same_pictures_give_the_same_file(model, mnist) -> None:
    few = mnist.test.images[:5]
    floats, whole = compress(model, mnist.test.pixels(slice(5))), compress(model, few)
    assert aez.pack(floats)[0] == aez.pack(whole)[0]


def test_another_model_is_refused_though_it_has_the_same_name(model, images) -> None:
    made = compress(model, images[:2])
    with pytest.raises(AedeskError, match=r"'dense-32'.*'other'"):
        decompress(made, Model(untrained("other", 0)))
    shifted = {name: weight + np.float32(1e-6) for name, weight in model.checkpoint.weights.items()}
    with pytest.raises(AedeskError, match="other weights"):
        decompress(made, Model(replace(model.checkpoint, weights=shifted)))


def test_the_model_is_found_among_shipped_ones_and_runs_by_its_weights_whatever_their_name(
    model, images, tmp_path: Path
) -> None:
    made = compress(model, images[:2])
    assert find_model(made) == "dense-32"
    assert find_model(replace(made, model="renamed")) == "dense-32"
    own = untrained("my run", 5)
    theirs = compress(Model(own), images[:2])
    with pytest.raises(AedeskError, match=r"'my run'.*--model"):
        find_model(theirs)
    folder = paths.runs() / "some-run"
    folder.mkdir(parents=True)
    save(own, folder / "model.safetensors")
    broken = paths.runs() / "broken"
    broken.mkdir()
    (broken / "model.safetensors").write_bytes(b"nothing")
    assert find_model(theirs) == folder
    assert decompress(theirs, library.load_model(find_model(theirs))).shape == (2, 28, 28)
    shutil.rmtree(folder)
    with pytest.raises(AedeskError, match="my run"):
        find_model(theirs)


def test_code_numbers_that_never_vary_and_pictures_all_alike_take_no_bits() -> None:
    model = Model(untrained("blank", 1))
    made = compress(model, np.zeros((50, 28, 28), np.float32))
    content, sizes = aez.pack(made)
    assert sizes.payload == 0
    assert np.array_equal(decompress(aez.unpack(content), model), model.decode(made.codes))
    dead = np.concatenate([np.zeros((300, 1)), np.random.default_rng(0).normal(size=(300, 1))], 1)
    codec = Codec.fit(None, dead.astype(np.float32), 4)
    assert (codec.bits(dead[:, :1].repeat(2, 1)) < 10).all()


def test_long_work_tells_how_far_it_is_and_can_be_cancelled(model, images) -> None:
    told: list[tuple[str, int, int]] = []
    made = compress(model, images, progress=lambda *what: told.append(what))
    decompress(made, model, progress=lambda *what: told.append(what))
    assert {what for what, _, _ in told} == {"encoding", "decoding"}
    assert told[-1] == ("decoding", 3000, 3000)
    with pytest.raises(Cancelled):
        compress(model, images, cancelled=lambda: True)
    with pytest.raises(Cancelled):
        decompress(made, model, cancelled=lambda: True)


def test_no_pictures_and_wrong_codes_are_refused(model, images) -> None:
    with pytest.raises(AedeskError, match="no pictures"):
        compress(model, images[:0])
    with pytest.raises(ValueError, match="1 names"):
        compress(model, images[:2], names=["a.png"])
    with pytest.raises(ValueError, match="32 numbers"):
        Codec.fit(model, np.zeros((5, 3), np.float32), 4)


def crafted(steps: float, size: int, count: int = 2) -> aez.Aez:
    """A file that someone made on purpose: the weights are those of dense-32, the codes are not."""
    levels = Levels("uniform", 4, np.full(size, steps, np.float32), (np.array([0, 8], np.int32),) * size)
    found = aez.model_hash(library.load_checkpoint("dense-32"))
    return aez.Aez("dense-32", found, levels, np.full((count, size), 2, np.uint16))


@pytest.mark.parametrize("made", [crafted(1, 3), crafted(3e38, 32), crafted(4e37, 32)])
def test_codes_that_the_model_cannot_have_made_are_refused_in_words(model, tmp_path: Path, made) -> None:
    content = aez.pack(made)[0]
    with pytest.raises(AedeskError, match="damaged"):
        decompress(aez.unpack(content), model)
