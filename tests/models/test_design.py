"""Networks of one's own: every good form makes a network, and every bad one is refused beside its field."""

import json
from contextlib import suppress
from dataclasses import replace
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aedesk.errors import AedeskError
from aedesk.models.architecture import (
    Activate,
    Activation,
    Architecture,
    BatchNorm,
    Conv,
    Dense,
    Dropout,
    Flatten,
    MaxPool,
    Output,
    Reshape,
    Upsample,
)
from aedesk.models.design import MAX_PARAMETERS, Design, problems
from aedesk.models.presets import PRESETS

activations = st.sampled_from(get_args(Activation))
designs = st.builds(
    lambda tied, **fields: Design(tied=tied and fields["layers"] == "dense", **fields),
    tied=st.booleans(),
    layers=st.sampled_from(["dense", "conv"]),
    widths=st.lists(st.integers(1, 300), max_size=8).map(tuple),
    filters=st.lists(st.integers(1, 40), min_size=1, max_size=5).map(tuple),
    code=st.integers(1, 256),
    activation=activations,
    code_activation=activations,
    dropout=st.sampled_from([0.0, 0, 0.1, 0.9]),
    batch_norm=st.booleans(),
    output=st.sampled_from(get_args(Output)),
)


@settings(max_examples=150, deadline=None)
@given(designs)
def test_any_design_makes_a_network_for_digits_that_survives_json(design: Design) -> None:
    architecture = design.architecture()
    assert list(architecture.steps())[-1].after in {(784,), (1, 28, 28)}
    assert architecture.code_size == design.code
    assert architecture.code_activation == design.code_activation
    text = json.dumps(architecture.to_json(), allow_nan=False)
    assert Architecture.from_json(json.loads(text)) == architecture
    assert Design.from_json(json.loads(json.dumps(design.to_json(), allow_nan=False))) == design


@settings(max_examples=150, deadline=None)
@given(designs)
def test_a_design_is_recognised_from_its_network(design: Design) -> None:
    architecture = design.architecture()
    found = Design.of(architecture)
    assert found is not None
    assert found.architecture() == architecture
    if not design.tied:
        again = Design.of(architecture.as_variational())
        assert again is not None
        assert again.architecture() == replace(architecture.as_variational(), variational=False)


@pytest.mark.parametrize("name", PRESETS)
def test_every_dense_preset_can_be_filled_into_the_form(name: str) -> None:
    design = Design.of(PRESETS[name].architecture)
    if not PRESETS[name].architecture.is_dense:
        assert design is None
    else:
        assert design is not None
        assert design.architecture() == PRESETS[name].architecture


def test_a_dense_design_is_mirrored() -> None:
    design = Design(widths=(20, 10), code=3, activation="tanh", dropout=0.2, batch_norm=True)
    hidden = [(Dense(width, "linear"), BatchNorm(), Activate("tanh"), Dropout(0.2)) for width in (20, 10)]
    assert design.architecture() == Architecture(
        (Flatten(), *hidden[0], *hidden[1], Dense(3, "linear")),
        (*hidden[1], *hidden[0], Dense(784, "linear")),
    )
    assert (
        Design(widths=(), code=64, code_activation="relu").architecture()
        == PRESETS["vanilla-64"].architecture
    )


def test_a_convolutional_design_halves_and_doubles() -> None:
    assert Design(layers="conv", filters=(8, 4), code=5).architecture() == Architecture(
        (Conv(8), MaxPool(), Conv(4), MaxPool(), Flatten(), Dense(5, "linear")),
        (
            Dense(196),
            Reshape((4, 7, 7)),
            Conv(4),
            Upsample(),
            Conv(8),
            Upsample(),
            Conv(1, activation="linear"),
        ),
    )


@pytest.mark.parametrize("depth", range(1, 6))
def test_every_depth_of_convolutions_comes_back_to_28_pixels(depth: int) -> None:
    steps = list(Design(layers="conv", filters=(2,) * depth).architecture().steps())
    sizes = [step.after[1] for step in steps if isinstance(step.layer, MaxPool)]
    assert sizes == [14, 7, 4, 2, 1][:depth]
    assert steps[-1].after == (1, 28, 28)


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"layers": "lstm"}, "layers", "choose one of: dense, conv"),
        ({"layers": ["dense"]}, "layers", "choose one of: dense, conv"),
        ({"widths": (0,)}, "widths", "between 1 and 4096, not 0"),
        ({"widths": (128, 4097)}, "widths", "between 1 and 4096, not 4097"),
        ({"widths": (True,)}, "widths", "not True"),
        ({"widths": (1,) * 9}, "widths", "Give 0 to 8 widths, not 9"),
        ({"widths": 128}, "widths", "whole numbers"),
        ({"layers": "conv", "filters": ()}, "filters", "Give 1 to 5 filters, not 0"),
        ({"layers": "conv", "filters": (1,) * 6}, "filters", "not 6"),
        ({"layers": "conv", "filters": (513,)}, "filters", "between 1 and 512"),
        ({"code": 0}, "code", "between 1 and 256, not 0"),
        ({"code": 257}, "code", "between 1 and 256"),
        ({"code": 2.0}, "code", "whole number"),
        ({"dropout": 0.91}, "dropout", "between 0 and 0.9"),
        ({"dropout": float("nan")}, "dropout", "not nan"),
        ({"dropout": "0.5"}, "dropout", "not '0.5'"),
        ({"activation": "swish"}, "activation", "choose one of: linear, relu"),
        ({"code_activation": None}, "code_activation", "activation of the code"),
        ({"batch_norm": 1}, "batch_norm", "on or off"),
        ({"tied": True, "layers": "conv"}, "tied", "dense network"),
        ({"output": "softmax"}, "output", "choose one of: sigmoid, linear"),
        ({"widths": (4096,) * 8}, "widths", "242 million"),
        ({"layers": "conv", "filters": (512,), "code": 256}, "filters", "54 million"),
    ],
    ids=str,
)
def test_nonsense_is_refused_in_words_beside_its_field(
    changes: dict[str, Any], field: str, words: str
) -> None:
    found = problems({**Design().to_json(), "widths": (128,), "filters": (32, 64), **changes})
    assert list(found) == [field]
    assert words in found[field]
    with pytest.raises(AedeskError) as caught:
        Design(**changes)
    assert str(caught.value) == found[field]
    assert "\n" not in str(caught.value)


def test_what_the_kind_of_layers_does_not_use_is_not_looked_at() -> None:
    assert Design(layers="conv", widths=(0,)).problems() == {}
    assert Design(layers="dense", filters=()).problems() == {}


def test_the_largest_networks_fit_the_cap() -> None:
    assert Design(layers="conv", filters=(512,) * 5, code=256).architecture().parameters < MAX_PARAMETERS
    assert Design(widths=(2048, 2048, 2048), code=256).architecture().parameters < MAX_PARAMETERS


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)


@settings(max_examples=150, deadline=None)
@given(
    json_values | st.dictionaries(st.sampled_from([*Design().to_json(), "colour"]), json_values, max_size=3)
)
def test_foreign_json_is_read_or_refused_with_nothing_but_a_sentence(plain: Any) -> None:
    with suppress(AedeskError):
        assert Design.from_json(plain).problems() == {}
