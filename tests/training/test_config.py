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
from aedesk.cli.train import config_of
from aedesk.cli.train_options import asked_for
from aedesk.data.corruption import MOST
from aedesk.errors import AedeskError
from aedesk.models.presets import PRESETS, Recipe
from aedesk.training.config import TrainingConfig, problems

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
    """Any configuration that makes sense: of settings that do not go together, some are given up."""
    preset = draw(st.sampled_from(sorted(PRESETS)))
    drawn = {name: draw(st.none() | values) for name, values in VALUES.items()}
    drawn |= draw(st.just({}) | st.fixed_dictionaries({}, optional=NETWORK))
    while wrong := problems(preset, drawn):
        for name in wrong:
            if drawn.pop(name, None) is None:  # of two that do not go together, the other
                drawn = {}
    return TrainingConfig.of(preset, **drawn)


VALUES: dict[str, st.SearchStrategy[Any]] = {
    "loss": st.sampled_from(["mse", "bce", "mae"]),
    "optimiser": st.sampled_from(["adam", "sgd"]),
    "schedule": st.sampled_from(["constant", "cooldown", "cosine", "one-cycle", "plateau"]),
    "learning_rate": st.floats(0, 100, exclude_min=True),
    "batch_size": st.integers(1, 65_536),
    "epochs": st.integers(1, 10_000),
    "initialisation": st.sampled_from(["glorot", "he"]),
    "reduction": st.sampled_from(["mean", "sum"]),
    "output_bias": st.floats(-20, 20),
    "kind": st.sampled_from(["plain", "denoising", "sparse", "contractive", "variational"]),
    "noise": st.sampled_from(list(MOST)),
    "noise_level": st.floats(0, 1),
    "sparsity": st.floats(0, 1e6),
    "contraction": st.floats(0, 1e6),
    "beta": st.floats(0, 1e6),
    "warm_up": st.integers(0, 10_000),
    "sketches": st.floats(0, 10),
    "warp": st.floats(0, 1),
    "guidance": st.just(0.0) | st.floats(0, 1e6),
    "filling": st.just(0.0) | st.floats(0, 1e6),
    "minutes": st.floats(0, 1e6),
    "patience": st.integers(0, 10_000),
    "target": st.floats(0, 1e6),
    "data": st.sampled_from(["digits", "/a folder/with 'quotes'.npz", "-odd", "päth.npz"]),
    "seed": st.integers(0, 2**63 - 1),
    "validation_fraction": st.floats(0, 0.5, exclude_min=True),
    "engine": st.sampled_from(["torch", "numpy"]),
    "device": st.sampled_from(["cpu", "cuda:3"]),
    "precision": st.sampled_from(["float32", "tf32", "bfloat16"]),
    "threads": st.integers(0, 4096),
    "keep_mb": st.integers(0, 1_000_000),
}
NETWORK: dict[str, st.SearchStrategy[Any]] = {
    "layers": st.sampled_from(["dense", "conv"]),
    "widths": st.lists(st.integers(1, 300), max_size=4).map(tuple),
    "filters": st.lists(st.integers(1, 40), min_size=1, max_size=3).map(tuple),
    "code": st.integers(1, 256),
    "activation": st.sampled_from(["relu", "tanh", "gelu"]),
    "code_activation": st.sampled_from(["linear", "sigmoid"]),
    "dropout": st.floats(0, 0.9),
    "batch_norm": st.booleans(),
    "tied": st.booleans(),
    "output": st.sampled_from(["sigmoid", "linear"]),
}


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
    with pytest.raises(AedeskError, match=r"conv has convolutions; choose PyTorch"):
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


@pytest.mark.parametrize("changes", [{"kind": "variational"}, {"engine": "numpy"}])
def test_an_own_network_may_do_what_its_presets_cannot(changes: dict[str, Any]) -> None:
    config = TrainingConfig.of("conv", layers="dense", **changes)
    assert TrainingConfig.of(**config.to_json()) == config


@settings(max_examples=80, deadline=None)
@given(configs())
def test_the_command_of_a_run_means_the_same_run(config: TrainingConfig) -> None:
    words = shlex.split(config.command("-my run"))
    assert words[:2] == ["aedesk", "train"]
    chosen = parser.build().parse_args(words[1:])
    assert str(chosen.out) == "-my run"
    assert config_of(asked_for(chosen)) == config


@settings(max_examples=80, deadline=None)
@given(configs())
def test_problems_finds_none_where_there_are_none(config: TrainingConfig) -> None:
    assert problems(config.preset, {**config.to_json(), "preset": None}) == {}


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"loss": "bce", "output": "linear"}, "loss", "needs the sigmoid"),
        ({"engine": "numpy", "layers": "conv", "code": 8}, "engine", "dense networks only"),
        ({"engine": "numpy", "kind": "contractive"}, "engine", "PyTorch"),
        ({"kind": "variational", "warm_up": 11, "epochs": 10}, "warm_up", "longer than the run"),
        ({"code": 0}, "code", "between 1 and 256"),
        ({"noise": "masking", "noise_level": 1.5}, "noise_level", "between 0 and 1"),
        ({"widths": (0,)}, "widths", "widths"),
    ],
)
def test_what_does_not_go_together_is_told_at_one_of_its_fields(
    changes: dict[str, Any], field: str, words: str
) -> None:
    found = problems("dense-32", changes)
    assert list(found) == [field]
    assert words in found[field]
    with pytest.raises(AedeskError, match=words):
        TrainingConfig.of("dense-32", **changes)


def test_a_network_of_ones_own_has_a_name_of_its_own() -> None:
    labels = {
        TrainingConfig.of("dense-32", **changes).label
        for changes in (
            {},
            {"code": 16},
            {"widths": (9,)},
            {"kind": "variational"},
            {"code": 8, "kind": "sparse"},
            {"layers": "conv", "code": 20},
        )
    }
    assert labels == {
        "dense-32",
        "dense-16",
        "own-dense-32",
        "dense-32-variational",
        "sparse-8",
        "conv-20",
    }


def test_a_design_that_is_the_presets_own_is_no_own_network() -> None:
    assert TrainingConfig.of("dense-32", code=32, widths=(128,)) == TrainingConfig.of("dense-32")


def test_what_a_run_writes_besides_its_settings_is_passed_over() -> None:
    config = TrainingConfig.of("dense-32", code=7)
    assert TrainingConfig.from_json({**config.to_json(), "status": "running", "changes": []}) == config


def test_the_command_tells_only_what_is_not_usual() -> None:
    assert TrainingConfig.of("dense-2d").command("run") == (
        "aedesk train --preset dense-2d --data mnist --seed 0 --out run"
    )
    assert TrainingConfig.of("dense-2d", epochs=3, data="digits").command("run") == (
        "aedesk train --preset dense-2d --data digits --seed 0 --epochs 3 --out run"
    )
