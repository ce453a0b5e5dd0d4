import dataclasses
import json
import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aedesk import paths
from aedesk.errors import AedeskError
from aedesk.models.architecture import Conv, Dense, Flatten, MaxPool, dense
from aedesk.models.checkpoint import Checkpoint
from aedesk.models.design import Design
from aedesk.models.initialisation import initial_weights
from aedesk.models.presets import PRESETS
from aedesk.storage import checkpoint as checkpoints
from aedesk.storage import tensors

TINY = Checkpoint(
    "tiny",
    dense(2),
    initial_weights(dense(2), 0),
    {"preset": "tiny", "command": "aedesk train --preset tiny"},
    [{"epoch": 1, "train_loss": 0.1, "validation_loss": 0.2, "learning_rate": 1e-3, "seconds": 0.5}],
    {"mse": 0.04, "psnr": 14.0},
)


def same(one: Checkpoint, other: Checkpoint) -> bool:
    plain = dataclasses.replace(one, weights={}), dataclasses.replace(other, weights={})
    weights_equal = list(one.weights) == list(other.weights) and all(
        np.array_equal(one.weights[name], other.weights[name]) for name in one.weights
    )
    return weights_equal and dataclasses.astuple(plain[0]) == dataclasses.astuple(plain[1])


def refusal(path: Path) -> str:
    with pytest.raises(AedeskError) as caught:
        checkpoints.load(path)
    message = str(caught.value)
    assert str(path) in message
    assert "\n" not in message
    return message


@pytest.fixture
def path(tmp_path: Path) -> Path:
    checkpoints.save(TINY, tmp_path / "model.safetensors")
    return tmp_path / "model.safetensors"


def test_what_was_saved_is_loaded(path: Path) -> None:
    assert same(checkpoints.load(path), TINY)


def test_a_convolutional_network_comes_back_too(tmp_path: Path) -> None:
    architecture = dataclasses.replace(
        dense(2), encoder=(Conv(2), MaxPool(), Flatten(), Dense(3)), decoder=(Dense(784, "linear"),)
    )
    conv = Checkpoint("conv", architecture, initial_weights(architecture, 1))
    checkpoints.save(conv, tmp_path / "conv.safetensors")
    assert same(checkpoints.load(tmp_path / "conv.safetensors"), conv)


OWN = {
    "batch norm": Design(widths=(5,), code=2, batch_norm=True, dropout=0.1).architecture(),
    "maps": Design(layers="conv", filters=(2, 2), code=2, batch_norm=True, output="linear").architecture(),
    "tied": Design(widths=(5,), code=2, tied=True).architecture(),
    "variational": Design(widths=(5,), code=2, activation="gelu").architecture().as_variational(),
}


@pytest.mark.parametrize("name", OWN)
def test_an_own_network_comes_back_with_all_that_it_holds(tmp_path: Path, name: str) -> None:
    own = Checkpoint(name, OWN[name], initial_weights(OWN[name], 1))
    checkpoints.save(own, tmp_path / "own.safetensors")
    loaded = checkpoints.load(tmp_path / "own.safetensors")
    assert same(loaded, own)
    assert list(loaded.weights) == list(OWN[name].tensor_shapes)


@pytest.mark.parametrize(
    ("name", "array"),
    [
        ("batch norm", "encoder.2.running_variance"),
        ("variational", "encoder.log_variance.bias"),
        ("tied", "decoder.0.bias"),
    ],
)
def test_a_network_without_one_of_its_arrays_is_refused(tmp_path: Path, name: str, array: str) -> None:
    path = tmp_path / "own.safetensors"
    checkpoints.save(Checkpoint(name, OWN[name], initial_weights(OWN[name], 1)), path)
    rewrite(path, {key: value for key, value in initial_weights(OWN[name], 1).items() if key != array})
    assert array in refusal(path)


@pytest.mark.parametrize("name", PRESETS)
def test_a_shipped_model_is_written_as_it_was_when_networks_were_plain(tmp_path: Path, name: str) -> None:
    shipped = paths.weights() / name / "model.safetensors"
    compact = name != "vanilla-64"  # which is small as it is
    checkpoints.save(checkpoints.load(shipped), tmp_path / "again.safetensors", compact=compact)
    assert (tmp_path / "again.safetensors").read_bytes() == shipped.read_bytes()


def test_the_same_checkpoint_gives_the_same_bytes(path: Path, tmp_path: Path) -> None:
    checkpoints.save(checkpoints.load(path), tmp_path / "again.safetensors")
    assert (tmp_path / "again.safetensors").read_bytes() == path.read_bytes()


def test_the_card_is_all_but_the_weights_and_needs_only_the_header(path: Path) -> None:
    card = checkpoints.read_card(path)
    assert same(card, dataclasses.replace(TINY, weights={}))
    content = path.read_bytes()
    path.write_bytes(content[:-100] + bytes(100))
    assert same(checkpoints.read_card(path), card)
    assert "numbers are not those" in refusal(path)


def test_the_fingerprint_is_of_the_weights_alone(path: Path) -> None:
    assert checkpoints.fingerprint(path) == checkpoints.fingerprint(TINY)
    renamed = dataclasses.replace(TINY, name="other", metrics={})
    assert checkpoints.fingerprint(renamed) == checkpoints.fingerprint(TINY)
    trained = dataclasses.replace(TINY, weights=initial_weights(TINY.architecture, 1))
    assert checkpoints.fingerprint(trained) != checkpoints.fingerprint(TINY)


def test_losses_that_are_not_numbers_are_read_as_nan(tmp_path: Path) -> None:
    odd = dataclasses.replace(
        TINY, history=[{"epoch": 1, "train_loss": math.nan}], metrics={"psnr": math.inf}
    )
    checkpoints.save(odd, tmp_path / "odd.safetensors")
    loaded = checkpoints.load(tmp_path / "odd.safetensors")
    assert math.isnan(loaded.history[0]["train_loss"])
    assert math.isnan(loaded.metrics["psnr"])


def test_weights_that_are_not_finite_are_not_saved(tmp_path: Path) -> None:
    weights = {**TINY.weights, "encoder.1.bias": np.array([0, np.nan], np.float32)}
    with pytest.raises(AedeskError, match="not finite"):
        checkpoints.save(dataclasses.replace(TINY, weights=weights), tmp_path / "x.safetensors")
    assert not any(tmp_path.iterdir())


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(position=st.floats(0, 1, exclude_max=True), in_header=st.booleans(), mask=st.integers(1, 255))
def test_a_flipped_byte_is_refused_or_harmless(
    path: Path, position: float, in_header: bool, mask: int
) -> None:
    content = bytearray(path.read_bytes())
    extent = 8 + int.from_bytes(content[:8], "little") if in_header else len(content)
    content[int(position * extent)] ^= mask
    damaged = path.with_name("damaged.safetensors")
    damaged.write_bytes(content)
    try:
        loaded = checkpoints.load(damaged)
    except AedeskError:
        refusal(damaged)
    else:
        assert same(loaded, TINY)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(share=st.floats(0, 1, exclude_max=True), more=st.binary(max_size=20))
def test_a_file_cut_short_or_grown_is_refused(path: Path, share: float, more: bytes) -> None:
    content = path.read_bytes()
    damaged = path.with_name("damaged.safetensors")
    damaged.write_bytes(content[: int(share * len(content))])
    refusal(damaged)
    damaged.write_bytes(content + b"x" + more)
    assert "damaged" in refusal(damaged)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=200), prefix=st.sampled_from([b"", b"\x20" + bytes(7) + b"{"]))
def test_any_bytes_are_refused_in_one_line(tmp_path: Path, content: bytes, prefix: bytes) -> None:
    (tmp_path / "any.safetensors").write_bytes(prefix + content)
    refusal(tmp_path / "any.safetensors")


def test_files_of_other_kinds_are_told_apart(tmp_path: Path, path: Path) -> None:
    assert "no such file" in refusal(tmp_path / "gone.safetensors")
    assert "a folder" in refusal(tmp_path)
    picture = tmp_path / "picture.png"
    picture.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(1000))
    assert "not a safetensors file" in refusal(picture)
    foreign = tmp_path / "foreign.safetensors"
    safetensors.numpy.save_file(TINY.weights, foreign)
    assert "not one that aedesk has saved" in refusal(foreign)
    safetensors.numpy.save_file(TINY.weights, foreign, {"format": "pt"})
    assert "not one that aedesk has saved" in refusal(foreign)
    atlas = tmp_path / "atlas.safetensors"
    tensors.write(atlas, "atlas", {"codes": np.zeros((1, 2), np.float32)}, {})
    assert "not a model but an atlas" in refusal(atlas)


def rewrite(path: Path, weights: dict[str, np.ndarray], **changes: object) -> None:
    """A file with true checksums and a card that `save` would not have written."""
    card = tensors.read_card(path, "model")
    tensors.write(path, "model", weights, {**card, **changes})


@pytest.mark.parametrize(
    "weights",
    [
        {name: array for name, array in TINY.weights.items() if name != "encoder.1.bias"},
        {**TINY.weights, "stranger": np.zeros(1, np.float32)},
        {**TINY.weights, "encoder.1.bias": np.zeros(3, np.float32)},
        {**TINY.weights, "encoder.1.bias": np.zeros(2, np.float16)},
    ],
    ids=["missing", "in excess", "other shape", "other type"],
)
def test_weights_that_do_not_fit_their_network_are_refused(
    path: Path, weights: dict[str, np.ndarray]
) -> None:
    rewrite(path, weights)
    message = refusal(path)
    assert "encoder.1.bias" in message or "stranger" in message


def test_a_small_file_that_describes_a_huge_network_is_refused(path: Path) -> None:
    growing = [{"kind": "upsample"}] * 20 + [{"kind": "max-pool"}] * 20
    architecture = TINY.architecture.to_json()
    rewrite(path, TINY.weights, architecture={**architecture, "encoder": growing + architecture["encoder"]})
    assert "too large" in refusal(path)
    with pytest.raises(AedeskError, match="too large"):
        checkpoints.read_card(path)


@pytest.mark.parametrize(
    "changes",
    [
        {"name": ""},
        {"name": "two\nlines"},
        {"name": 7},
        {"config": []},
        {"history": 3},
        {"history": [["epoch", 1]]},
        {"metrics": {"mse": "small"}},
        {"metrics": {"mse": True}},
        {"architecture": None},
        {"architecture": {"encoder": [], "decoder": []}},
        {"architecture": {**TINY.architecture.to_json(), "output": "softmax"}},
        {"architecture": {**TINY.architecture.to_json(), "variational": True}},
        {"architecture": {"encoder": [{"kind": "line\nbreak"}], "decoder": []}},
    ],
    ids=str,
)
def test_a_card_of_another_form_is_refused(path: Path, changes: dict[str, object]) -> None:
    rewrite(path, TINY.weights, **changes)
    assert "not a model that aedesk can use" in refusal(path)


def relabel(path: Path, **changes: object) -> None:
    """Change the label around the card, leaving all checksums as they are."""
    content = path.read_bytes()
    length = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + length])
    header["__metadata__"]["aedesk"] = json.dumps({**json.loads(header["__metadata__"]["aedesk"]), **changes})
    text = json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + content[8 + length :])


def test_a_file_of_a_newer_version_says_to_update(path: Path) -> None:
    relabel(path, version=2)
    assert "update aedesk" in refusal(path)
    relabel(path, version="one")
    assert "damaged" in refusal(path)


def test_a_header_that_lies_about_sizes_allocates_nothing(tmp_path: Path) -> None:
    lie = tmp_path / "lie.safetensors"
    for length in (1 << 40, (1 << 64) - 1, 15 << 20):
        lie.write_bytes(length.to_bytes(8, "little") + b'{"a":1}' * 4)
        refusal(lie)
    end = 1 << 50
    text = json.dumps({"a": {"dtype": "F32", "shape": [end // 4], "data_offsets": [0, end]}}).encode()
    lie.write_bytes(len(text).to_bytes(8, "little") + text)
    assert "damaged" in refusal(lie)
    deep = b'{"a":' * 100_000
    lie.write_bytes(len(deep).to_bytes(8, "little") + deep)
    refusal(lie)


def test_a_file_beyond_the_cap_is_not_read(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tensors, "MAX_FILE", path.stat().st_size - 1)
    assert "larger than" in refusal(path)


_WRITER = """
import sys
from pathlib import Path
from aedesk.storage.runs import Run
from aedesk.storage import checkpoint
model = checkpoint.load(sys.argv[1])
for _ in range(40):
    Run(Path(sys.argv[2])).save(model)
"""


def test_two_windows_saving_to_one_run_never_leave_a_broken_file(tmp_path: Path) -> None:
    run, sources = tmp_path / "run", [tmp_path / "a.safetensors", tmp_path / "b.safetensors"]
    versions = [TINY, dataclasses.replace(TINY, name="b", weights=initial_weights(TINY.architecture, 9))]
    for source, version in zip(sources, versions, strict=True):
        checkpoints.save(version, source)
    writers = [subprocess.Popen([sys.executable, "-c", _WRITER, str(source), str(run)]) for source in sources]
    seen = 0
    while any(writer.poll() is None for writer in writers):
        if (run / "model.safetensors").is_file():
            loaded = checkpoints.load(run / "model.safetensors")
            assert any(same(loaded, version) for version in versions)
            seen += 1
    assert [writer.returncode for writer in writers] == [0, 0]
    assert seen > 0
    assert sorted(path.name for path in run.iterdir()) == ["config.json", "history.csv", "model.safetensors"]


def test_the_longest_history_can_be_saved(tmp_path: Path) -> None:
    row = dict.fromkeys(("train_loss", "validation_loss", "learning_rate", "seconds"), 0.12345678901234568)
    history = [{"epoch": float(epoch), **row} for epoch in range(1, 10_001)]
    path = tmp_path / "long.safetensors"
    checkpoints.save(dataclasses.replace(TINY, history=history), path)
    assert checkpoints.load(path).history == history


def test_a_description_too_large_to_be_read_again_is_refused_as_such(tmp_path: Path) -> None:
    path = tmp_path / "wordy.safetensors"
    with pytest.raises(AedeskError, match=r"wordy\.safetensors: its description .* 8 MiB"):
        checkpoints.save(dataclasses.replace(TINY, config={"remark": "x" * (9 << 20)}), path)
    assert not path.exists()


def test_rounded_weights_take_half_the_space_and_come_back_as_they_are(path: Path, tmp_path: Path) -> None:
    rounded = checkpoints.rounded(checkpoints.load(path))
    compact = tmp_path / "compact.safetensors"
    whole = tmp_path / "whole.safetensors"
    checkpoints.save(rounded, compact, compact=True)
    checkpoints.save(rounded, whole)
    loaded = checkpoints.load(compact)
    for name, array in rounded.weights.items():
        assert loaded.weights[name].dtype == np.float32
        np.testing.assert_array_equal(loaded.weights[name], array)
        np.testing.assert_allclose(array, checkpoints.load(path).weights[name], rtol=1e-3, atol=1e-6)
    assert (
        checkpoints.fingerprint(compact) == checkpoints.fingerprint(whole) == checkpoints.fingerprint(loaded)
    )
    half = sum(array.nbytes for array in rounded.weights.values()) // 2
    assert whole.stat().st_size - compact.stat().st_size == pytest.approx(half, abs=200)


def test_weights_that_would_lose_digits_are_not_saved_in_half_precision(path: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="rounded"):
        checkpoints.save(checkpoints.load(path), tmp_path / "compact.safetensors", compact=True)
    assert not (tmp_path / "compact.safetensors").exists()


def test_a_compact_file_that_states_another_fingerprint_is_refused(path: Path, tmp_path: Path) -> None:
    compact = tmp_path / "compact.safetensors"
    checkpoints.save(checkpoints.rounded(checkpoints.load(path)), compact, compact=True)
    card, arrays = tensors.read(compact, "model")
    tensors.write(compact, "model", arrays, {**card, "fingerprint": "0" * 64})
    with pytest.raises(AedeskError, match="damaged"):
        checkpoints.load(compact)
