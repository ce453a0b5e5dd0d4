"""The files for TensorBoard, read by TensorBoard's own readers."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import numpy as np
import pytest
from google.protobuf import text_format
from kept_run import IMAGES, make_run, row
from PIL import Image
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.projector.projector_config_pb2 import ProjectorConfig

from aedesk.errors import AedeskError, Cancelled
from aedesk.models.model import Model
from aedesk.storage import checkpoint as checkpoints
from aedesk.storage import sample as samples
from aedesk.storage.rewind import one_of_each
from aedesk.storage.runs import Run
from aedesk.training import tensorboard


@pytest.fixture
def run(tmp_path: Path, digits) -> Run:
    return make_run(tmp_path / "a-run", digits)


def events_of(folder: Path) -> EventAccumulator:
    read = EventAccumulator(str(folder), size_guidance={"images": 0, "scalars": 0})
    read.Reload()
    return read


def test_every_number_of_the_history_is_a_scalar(run: Run, tmp_path: Path) -> None:
    tensorboard.export(run, tmp_path / "logs")
    read = events_of(tmp_path / "logs")
    tags = {
        "loss/train": "train_loss",
        "loss/validation": "validation_loss",
        "penalty/train": "train_penalty",
        "learning rate": "learning_rate",
        "seconds per epoch": "seconds",
    }
    assert set(read.Tags()["scalars"]) == set(tags)
    for tag, name in tags.items():
        scalars = read.Scalars(tag)
        assert [scalar.step for scalar in scalars] == [1, 2, 3, 4]
        assert [s.value for s in scalars] == pytest.approx([row(epoch)[name] for epoch in range(1, 5)])
    times = [scalar.wall_time for scalar in read.Scalars("loss/train")]
    assert np.diff(times) == pytest.approx([2, 2, 2], abs=0.01)


def test_pictures_show_originals_over_what_kept_epochs_make_of_them(run: Run, tmp_path: Path) -> None:
    tensorboard.export(run, tmp_path / "logs")
    read = events_of(tmp_path / "logs")
    (tag,) = read.Tags()["images"]
    shown = read.Images(tag)
    assert [image.step for image in shown] == [0, 1, 2, 4]
    sample = samples.load(run.sample)
    originals = sample.images[one_of_each(sample.labels, 10)].astype(np.float32) / 255
    for image in shown:
        with Image.open(io.BytesIO(image.encoded_image_string)) as opened:
            assert opened.size == (image.width, image.height)
            picture = np.asarray(opened, np.float32)[::4, ::4] / 255
        rows = picture.reshape(2, 28, 10, 28).transpose(0, 2, 1, 3)
        rebuilt = Model(run.checkpoint(run.epochs.load(image.step))).reconstruct(originals)
        assert np.abs(rows[0] - originals).max() < 0.01
        assert np.abs(rows[1] - rebuilt).max() < 0.01


def test_of_many_kept_epochs_twenty_are_pictured(tmp_path: Path, digits) -> None:
    run = make_run(tmp_path / "a-run", digits, kept=tuple(range(0, 60, 2)))
    tensorboard.export(run, tmp_path / "logs")
    read = events_of(tmp_path / "logs")
    (tag,) = read.Tags()["images"]
    steps = [image.step for image in read.Images(tag)]
    assert len(steps) == 20
    assert (steps[0], steps[-1]) == (0, 58)


@pytest.mark.parametrize("preset", ["dense-2d", "dense-32"])
def test_the_projector_finds_codes_words_and_pictures(tmp_path: Path, digits, preset: str) -> None:
    run = make_run(tmp_path / "a-run", digits, preset=preset)
    logs = tmp_path / "logs"
    tensorboard.export(run, logs)
    config = text_format.Parse((logs / "projector_config.pbtxt").read_text(), ProjectorConfig())
    (embedding,) = config.embeddings
    sample = samples.load(run.sample)
    images = sample.images.astype(np.float32) / 255
    model = Model(checkpoints.load(run.model))
    expected = model.encode(images)

    codes = np.loadtxt(logs / embedding.tensor_path, delimiter="\t", ndmin=2)
    assert tuple(embedding.tensor_shape) == codes.shape
    assert codes.shape[1] >= 3  # the projector draws nothing at all of fewer
    assert codes[:, : expected.shape[1]] == pytest.approx(expected, rel=1e-4, abs=1e-6)
    assert not codes[:, expected.shape[1] :].any()

    head, *lines = (logs / embedding.metadata_path).read_text().splitlines()
    assert head.split("\t") == ["class", "squared error"]
    names, errors = zip(*(line.split("\t") for line in lines), strict=True)
    assert list(names) == [sample.classes[label] for label in sample.labels]
    measured = np.square(model.reconstruct(images) - images).mean(axis=(1, 2))
    assert [float(error) for error in errors] == pytest.approx(measured, abs=1e-5)

    width, height = embedding.sprite.single_image_dim
    with Image.open(logs / embedding.sprite.image_path) as sprite:
        across = sprite.width // width
        pixels = np.asarray(sprite.convert("L"), np.float32)
    assert (width, height) == (28, 28)
    assert pixels.shape == (28 * across, 28 * across)
    for number in (0, 1, across, IMAGES - 1):
        top, left = 28 * (number // across), 28 * (number % across)
        assert np.abs(255 - pixels[top : top + 28, left : left + 28] - sample.images[number]).max() <= 1


def test_the_projector_of_tensorboard_itself_serves_them(run: Run, tmp_path: Path) -> None:
    from tensorboard.backend.event_processing.data_provider import MultiplexerDataProvider
    from tensorboard.backend.event_processing.plugin_event_multiplexer import EventMultiplexer
    from tensorboard.plugins.base_plugin import TBContext
    from tensorboard.plugins.projector.projector_plugin import ProjectorPlugin
    from werkzeug.test import Client

    tensorboard.export(run, tmp_path / "logs" / "a-run")
    multiplexer = EventMultiplexer().AddRunsFromDirectory(str(tmp_path / "logs"))
    multiplexer.Reload()
    provider = MultiplexerDataProvider(multiplexer, str(tmp_path / "logs"))
    context = TBContext(logdir=str(tmp_path / "logs"), data_provider=provider)
    apps = ProjectorPlugin(context).get_plugin_apps()
    named = "?run=a-run&name=codes%20of%20a-run"
    assert Client(apps["/runs"]).get("/").json == ["a-run"]
    tensor = np.frombuffer(Client(apps["/tensor"]).get(f"/{named}").data, np.float32)
    assert tensor.size == IMAGES * 3
    assert Client(apps["/metadata"]).get(f"/{named}").text.count("\n") == IMAGES + 1
    assert Client(apps["/sprite_image"]).get(f"/{named}").data.startswith(b"\x89PNG")


def test_names_of_classes_are_one_cell_each(run: Run, tmp_path: Path) -> None:
    sample = samples.load(run.sample)
    odd = tuple(f"a\tname\nof {number}" for number in range(10))
    samples.save(samples.Sample(sample.images, sample.labels, odd), run.sample)
    tensorboard.export(run, tmp_path / "logs")
    lines = (tmp_path / "logs" / "metadata.tsv").read_text().splitlines()
    assert len(lines) == IMAGES + 1
    assert {line.count("\t") for line in lines} == {1}


def test_a_second_export_takes_the_place_of_the_first(run: Run, tmp_path: Path) -> None:
    tensorboard.export(run, tmp_path / "logs")
    first = {path.name: path.read_bytes() for path in (tmp_path / "logs").iterdir()}
    tensorboard.export(run, tmp_path / "logs")
    assert first == {path.name: path.read_bytes() for path in (tmp_path / "logs").iterdir()}
    assert len(events_of(tmp_path / "logs").Scalars("loss/train")) == 4


def test_what_a_run_has_not_kept_is_left_out(run: Run, tmp_path: Path) -> None:
    run.sample.unlink()
    tensorboard.export(run, tmp_path / "logs")
    assert [path.name for path in (tmp_path / "logs").iterdir()] == [tensorboard.EVENTS]
    assert events_of(tmp_path / "logs").Tags()["images"] == []


def test_a_loss_that_is_no_number_is_left_out(run: Run, tmp_path: Path) -> None:
    run.write_history([row(1), {**row(2), "train_loss": float("nan")}, row(3)])
    tensorboard.export(run, tmp_path / "logs")
    read = events_of(tmp_path / "logs")
    assert [scalar.step for scalar in read.Scalars("loss/train")] == [1, 3]
    assert [scalar.step for scalar in read.Scalars("loss/validation")] == [1, 2, 3]


def test_without_the_extra_it_is_named(run: Run, tmp_path: Path, monkeypatch) -> None:
    for name in [name for name in sys.modules if name.split(".")[0] == "tensorboard"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "tensorboard", None)
    with pytest.raises(AedeskError, match=r'pip install "aedesk\[tensorboard\]"'):
        tensorboard.export(run, tmp_path / "logs")
    assert not (tmp_path / "logs").exists()


def test_nothing_is_written_where_it_is_cancelled_or_a_file_is_damaged(run: Run, tmp_path: Path) -> None:
    told: list[str] = []
    with pytest.raises(Cancelled):
        tensorboard.export(
            run, tmp_path / "logs", lambda *words: told.append(words[0]), lambda: len(told) > 2
        )
    run.epochs.path(2).write_bytes(b"nothing")
    with pytest.raises(AedeskError, match="00002"):
        tensorboard.export(run, tmp_path / "logs")
    assert not (tmp_path / "logs").exists()


def test_a_run_without_an_epoch_has_nothing_to_export(run: Run, tmp_path: Path) -> None:
    run.write_history([])
    with pytest.raises(AedeskError, match="nothing to export"):
        tensorboard.export(run, tmp_path / "logs")
