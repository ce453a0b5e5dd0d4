"""The settings of a run: what is refused, and the forms that they survive."""

import json
import math
import shlex
from dataclasses import fields, replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aedesk.cli import parser
from aedesk.errors import AedeskError
from aedesk.models.presets import PRESETS, Recipe
from aedesk.training.config import TrainingConfig

NUMBERS = {
    "learning_rate": "learning rate",
    "batch_size": "batch size",
    "epochs": "number of epochs",
    "output_bias": "output bias",
    "seed": "seed",
    "threads": "number of threads",
    "validation_fraction": "validation share",
}
WHOLE = ("batch_size", "epochs", "seed", "threads")
CHOICES = ("loss", "optimiser", "schedule", "initialisation", "reduction", "engine", "precision")


def made(name: str, value: Any) -> TrainingConfig:
    """A configuration with one value set, None and all."""
    base = TrainingConfig.of("dense-2d")
    if name in {field.name for field in fields(Recipe)}:
        return replace(base, recipe=replace(base.recipe, **{name: value}))
    return replace(base, **{name: value})


def refusal(name: str, value: Any) -> str:
    with pytest.raises(AedeskError) as caught:
        made(name, value)
    message = str(caught.value)
    assert "\n" not in message
    return message


@st.composite
def configs(draw: st.DrawFn) -> TrainingConfig:
    preset = draw(st.sampled_from(sorted(PRESETS)))
    dense = PRESETS[preset].architecture.is_dense
    return TrainingConfig.of(
        preset,
        loss=draw(st.sampled_from([None, "mse", "bce"])),
        optimiser=draw(st.sampled_from([None, "adam", "sgd"])),
        schedule=draw(st.sampled_from([None, "constant", "cooldown", "cosine"])),
        learning_rate=draw(st.none() | st.floats(0, 100, exclude_min=True)),
        batch_size=draw(st.none() | st.integers(1, 65_536)),
        epochs=draw(st.none() | st.integers(1, 10_000)),
        initialisation=draw(st.sampled_from([None, "glorot", "he"])),
        reduction=draw(st.sampled_from([None, "mean", "sum"])),
        output_bias=draw(st.none() | st.floats(-20, 20)),
        data=draw(st.sampled_from([None, "digits", "/a folder/with 'quotes'.npz", "-odd", "päth.npz"])),
        seed=draw(st.none() | st.integers(0, 2**63 - 1)),
        validation_fraction=draw(st.none() | st.floats(0, 0.5, exclude_min=True)),
        engine=draw(st.sampled_from([None, "torch", "numpy"] if dense else [None, "torch"])),
        device=draw(st.sampled_from([None, "cpu", "cuda:3"])),
        precision=draw(st.sampled_from([None, "float32", "bfloat16"])),
        threads=draw(st.none() | st.integers(0, 4096)),
    )


@pytest.mark.parametrize(
    "value",
    [math.nan, math.inf, -math.inf, -21, 10**30, 10**400, True, None, "1", b"1", [1], 1j],
    ids=lambda value: repr(value)[:12],
)
@pytest.mark.parametrize("name", NUMBERS)
def test_what_is_no_sensible_number_is_refused_by_name(name: str, value: Any) -> None:
    assert NUMBERS[name] in refusal(name, value)


@pytest.mark.parametrize("name", WHOLE)
def test_a_count_is_a_whole_number(name: str) -> None:
    assert "whole number" in refusal(name, 2.5)
    assert "whole number" in refusal(name, 2.0)


@pytest.mark.parametrize(
    ("name", "inside", "outside"),
    [
        ("learning_rate", 100, 101),
        ("learning_rate", 1e-300, 0),
        ("batch_size", 1, 0),
        ("batch_size", 65_536, 65_537),
        ("epochs", 1, 0),
        ("epochs", 10_000, 10_001),
        ("seed", 0, -1),
        ("seed", 2**63 - 1, 2**63),
        ("threads", 0, -1),
        ("validation_fraction", 0.5, 0.51),
        ("validation_fraction", 1e-9, 0.0),
        ("output_bias", -20, -20.1),
    ],
)
def test_bounds_belong_to_the_allowed_or_do_not(name: str, inside: float, outside: float) -> None:
    made(name, inside)
    assert str(outside) in refusal(name, outside)


@pytest.mark.parametrize("value", ["", "x", "MSE", None, 0, True, [], {}])
@pytest.mark.parametrize("name", CHOICES)
def test_what_is_no_known_choice_is_refused_by_name(name: str, value: Any) -> None:
    message = refusal(name, value)
    assert name in message
    assert repr(value) in message
    assert "choose one of" in message


@pytest.mark.parametrize("value", ["", "dense", "Dense-2d", None, 3, [], {}])
def test_a_preset_that_is_not_there_is_refused_with_those_that_are(value: Any) -> None:
    for attempt in (lambda: TrainingConfig(value, Recipe()), lambda: TrainingConfig.of(value)):
        with pytest.raises(AedeskError, match=r"no preset .*dense-2d, dense-32"):
            attempt()


@pytest.mark.parametrize("name", ["data", "device"])
@pytest.mark.parametrize("value", ["", None, 3, True, [], b"cpu"])
def test_data_and_device_are_names(name: str, value: Any) -> None:
    assert name in refusal(name, value)


def test_numpy_alone_cannot_run_convolutions() -> None:
    with pytest.raises(AedeskError, match=r"conv has convolutions; use --engine torch"):
        TrainingConfig.of("conv", engine="numpy")
    assert TrainingConfig.of("mlp-128", engine="numpy").engine == "numpy"


def test_of_takes_the_presets_recipe_and_changes_what_is_named() -> None:
    config = TrainingConfig.of("mlp-128", epochs=3, seed=7, batch_size=None, device=None)
    assert config.recipe == replace(PRESETS["mlp-128"].recipe, epochs=3)
    assert (config.seed, config.device) == (7, "auto")
    assert PRESETS["mlp-128"].recipe.epochs == 100


@settings(max_examples=80, deadline=None)
@given(configs())
def test_any_configuration_survives_json(config: TrainingConfig) -> None:
    plain = json.loads(json.dumps(config.to_json(), allow_nan=False))
    assert TrainingConfig.of(**plain) == config


@settings(max_examples=80, deadline=None)
@given(configs())
def test_the_command_of_a_run_means_the_same_run(config: TrainingConfig) -> None:
    words = shlex.split(config.command("-my run"))
    assert words[:2] == ["aedesk", "train"]
    chosen = parser.build().parse_args(words[1:])
    assert str(chosen.out) == "-my run"
    names = config.to_json().keys() - {"preset"}
    assert TrainingConfig.of(chosen.preset, **{name: getattr(chosen, name) for name in names}) == config


def test_the_command_tells_only_what_is_not_usual() -> None:
    assert TrainingConfig.of("dense-2d").command("run") == (
        "aedesk train --preset dense-2d --data mnist --seed 0 --out run"
    )
    assert TrainingConfig.of("dense-2d", epochs=3, data="digits").command("run") == (
        "aedesk train --preset dense-2d --data digits --seed 0 --epochs 3 --out run"
    )
