"""A quality card: measured, kept beside its model, and believed only if it is whole and of these weights."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_up_card import made_up_card

from aedesk.analysis import card_figures
from aedesk.analysis.card import Card, Tuned, card_of, keep, measure
from aedesk.analysis.quality import evaluate
from aedesk.data.imageset import DataSet, ImageSet
from aedesk.errors import AedeskError, Cancelled
from aedesk.latent.mixture import MIXTURE, Mixture, save
from aedesk.models.checkpoint import Checkpoint
from aedesk.models.initialisation import initial_weights
from aedesk.models.model import Model
from aedesk.models.presets import PRESETS
from aedesk.storage import checkpoint as checkpoints

TUNED = Tuned(0.0391, "aedesk train --preset dense-2d --epochs 300", 812.5, "x86_64 CPU", "2026-11-20")


def checkpoint(seed: int = 0) -> Checkpoint:
    architecture = PRESETS["dense-2d"].architecture
    config = {"data": "digits", "loss": "mse", "device_used": "x86_64 CPU, 1 thread, bfloat16", "threads": 1}
    history = [{"epoch": 1, "seconds": 1.5}, {"epoch": 2, "seconds": float("nan")}]
    return Checkpoint("two", architecture, initial_weights(architecture, seed), config, history)


@pytest.fixture
def model_file(tmp_path: Path) -> Path:
    checkpoints.save(checkpoint(), tmp_path / "model.safetensors")
    return tmp_path / "model.safetensors"


@pytest.fixture(scope="module")
def clothes(digits: DataSet) -> DataSet:
    """Pictures of which no judge of digits can say anything."""
    names = tuple("abcdefghij")
    train, test = (
        ImageSet(part.images[:100], part.labels[:100], names) for part in (digits.train, digits.test)
    )
    return DataSet("letters", train, test)


def test_a_card_is_read_back_as_it_was_written(model_file: Path) -> None:
    card = made_up_card(checkpoint(), tuned=(TUNED,), pca_mse=None)
    assert keep(card, model_file) == card
    assert card_of(model_file) == card
    assert Card.from_json(json.loads(json.dumps(card.to_json()))) == card


def test_a_model_that_was_never_measured_has_no_card(model_file: Path) -> None:
    assert card_of(model_file) is None


def test_a_card_of_other_weights_is_passed_over_and_not_written(model_file: Path) -> None:
    other = made_up_card(checkpoint(seed=1))
    with pytest.raises(AedeskError, match="not those that were measured"):
        keep(other, model_file)
    assert not (model_file.parent / "card.json").exists()
    (model_file.parent / "card.json").write_text(json.dumps(other.to_json()))
    assert card_of(model_file) is None


def test_better_schedules_stay_in_the_card_of_a_model_that_is_measured_again(model_file: Path) -> None:
    keep(made_up_card(checkpoint(), tuned=(TUNED,)), model_file)
    again = keep(made_up_card(checkpoint(), mse=0.04), model_file)
    assert again.tuned == (TUNED,)
    assert card_of(model_file) == again


def test_models_in_one_folder_have_cards_of_their_own(tmp_path: Path) -> None:
    for seed, name in enumerate(("a.safetensors", "b.safetensors", "model.safetensors")):
        checkpoints.save(checkpoint(seed), tmp_path / name)
        keep(made_up_card(checkpoint(seed), mse=seed / 10), tmp_path / name)
    found = [card_of(tmp_path / name) for name in ("a.safetensors", "b.safetensors", "model.safetensors")]
    assert [card.mse for card in found if card is not None] == [0.0, 0.1, 0.2]


@given(
    st.sampled_from([each.name for each in fields(Card)]), st.none() | st.text() | st.floats() | st.booleans()
)
def test_a_card_with_anything_else_in_it_is_refused_or_still_a_card(name: str, value: object) -> None:
    plain = made_up_card(checkpoint()).to_json() | {name: value}
    with suppress(ValueError):
        card = Card.from_json(plain)
        json.dumps(card.to_json(), allow_nan=False)
        assert Card.from_json(card.to_json()) == card


@pytest.mark.parametrize(
    "change",
    [
        {"mse": float("inf")},
        {"mse": "0.04"},
        {"mse": None},
        {"code_size": 2.0},
        {"code_size": True},
        {"model": "two\x1b[31m"},
        {"tuned": [{"mse": 0.1}]},
        {"versions": {"torch": 2}},
        {"fid": 10.7},
    ],
)
def test_a_damaged_card_is_passed_over(model_file: Path, change: dict[str, object]) -> None:
    plain = made_up_card(checkpoint()).to_json() | change
    (model_file.parent / "card.json").write_text(json.dumps(plain))
    assert card_of(model_file) is None


@pytest.mark.parametrize("content", [b"", b"[]", b"\xff", b"[" * 100_000, b" " * (2 << 20)])
def test_a_file_that_is_no_card_is_passed_over(model_file: Path, content: bytes) -> None:
    (model_file.parent / "card.json").write_bytes(content)
    assert card_of(model_file) is None


def test_measuring_takes_every_figure_of_the_model_and_tells_how_it_was_made(clothes: DataSet) -> None:
    card = measure(Model(checkpoint()), clothes)
    expected = evaluate(Model(checkpoint()), clothes)
    assert {name: getattr(card, name) for name in expected} == pytest.approx(expected)
    assert (card.data, card.train_images, card.test_images) == ("letters", 100, 100)
    assert (card.trained_on, card.loss, card.epochs, card.seconds) == ("digits", "mse", 2, 1.5)
    assert (card.precision, card.threads) == ("bfloat16", 1)
    assert card.fingerprint == checkpoints.fingerprint(checkpoint())
    assert card.versions["NumPy"] == np.__version__
    assert card.judge_accuracy is card.sample_score is card.map_sure is card.sketch_ratio is None


def test_pictures_that_only_bear_the_names_of_digits_are_not_judged_as_digits(digits: DataSet) -> None:
    upside_down = ImageSet(255 - digits.test.images[:60], digits.test.labels[:60], digits.test.classes)
    card = measure(Model(checkpoint()), replace(digits, train=digits.train[:60], test=upside_down))
    assert card.judge_accuracy < 0.9
    assert card.sample_score is card.map_sure is card.sketches is None


def test_digits_are_judged_and_drawn_again(digits: DataSet, monkeypatch) -> None:
    monkeypatch.setattr(card_figures, "SAMPLES", 50)
    told: list[str] = []
    some = replace(digits, train=digits.train[:200], test=digits.test[:20])
    card = measure(Model(checkpoint()), some, progress=lambda what, done, total: told.append(what))
    shares = (card.sample_score, card.map_sure, card.map_sure_near, card.map_dead, card.sketch_accuracy)
    assert all(share is not None and 0 <= share <= 1 for share in shares)
    assert card.map_sure + card.map_dead <= 1
    assert card.judge_accuracy >= 0.9
    assert card.scan_accuracy == card.knn_accuracy  # the same digits
    assert card.sketch_ratio > 0
    assert (card.sampler, card.map_kind, card.sketches) == ("mixture", "native", 20)
    assert {"judging samples", "judging the map", "rebuilding the sketches"} <= set(told)


def test_samples_are_judged_by_the_mixture_that_lies_beside_the_model(
    digits: DataSet, model_file: Path, monkeypatch
) -> None:
    drawn: list[int] = []
    sample = Mixture.sample
    monkeypatch.setattr(card_figures, "SAMPLES", 50)
    monkeypatch.setattr(Mixture, "sample", lambda self, n: drawn.append(len(self)) or sample(self, n))
    monkeypatch.setattr(card_figures, "sketching", lambda *_: {})
    some = replace(digits, train=digits.train[:200], test=digits.test[:20])
    model = Model(checkpoint())
    codes = model.encode(some.train.images)
    save(Mixture.fit(codes, checkpoints.fingerprint(checkpoint()), components=2), model_file.parent / MIXTURE)
    measure(model, some, None, model_file)
    assert drawn == [2]


def test_names_that_cannot_be_printed_do_not_lose_a_card_that_was_measured(clothes: DataSet) -> None:
    odd = checkpoint()
    odd.config["command"] = "aedesk train --out 'my\nrun'"
    card = measure(Model(odd), replace(clothes, name="my\nletters"))
    assert (card.data, card.command) == ("my letters", "")


def test_a_card_that_is_not_wanted_any_more_is_given_up(clothes: DataSet) -> None:
    with pytest.raises(Cancelled):
        measure(Model(checkpoint()), clothes, cancelled=lambda: True)
