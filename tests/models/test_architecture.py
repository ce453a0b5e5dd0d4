"""Descriptions of networks: their shapes and sizes, their JSON form, and what is refused."""

import json
import math
from contextlib import suppress
from dataclasses import replace
from itertools import pairwise
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aedesk.models.architecture import (
    Activate,
    Activation,
    Architecture,
    BatchNorm,
    Conv,
    Dense,
    Dropout,
    Flatten,
    Fourier,
    Layer,
    MaxPool,
    Memory,
    Output,
    Reshape,
    Shape,
    Upsample,
    convolutional,
    dense,
)
from aedesk.models.presets import PRESETS

# Summed by hand, weights and biases of each layer; Keras' `count_params` gives the same.
PARAMETERS = {
    "dense-2d": 100_480 + 8_256 + 130 + 192 + 8_320 + 101_136,
    "dense-32": 100_480 + 4_128 + 4_224 + 101_136,
    "vanilla-64": 50_240 + 50_960,
    "deep-64": 200_960 + 32_896 + 8_256 + 8_320 + 33_024 + 201_488,
    "conv": 640 + 73_856 + 73_792 + 36_928 + 73_856 + 295_168 + 2_305,
    "mlp-128": 401_920 + 131_328 + 32_896 + 33_024 + 131_584 + 402_192,
    "dense-64": 100_480 + 8_256 + 8_320 + 101_136,
}
CODES: dict[str, tuple[int, Activation]] = {
    "dense-2d": (2, "linear"),
    "dense-32": (32, "linear"),
    "vanilla-64": (64, "relu"),
    "deep-64": (64, "relu"),
    "conv": (1024, "relu"),
    "mlp-128": (128, "relu"),
    "dense-64": (64, "relu"),
}
SUMMARIES = {
    "dense-2d": "784-128-64-2-64-128-784",
    "dense-32": "784-128-32-128-784",
    "vanilla-64": "784-64-784",
    "deep-64": "784-256-128-64-128-256-784",
    "conv": "conv 64-128-64, code 64x4x4, conv 64-128-256-1",
    "mlp-128": "784-512-256-128-256-512-784",
    "dense-64": "784-128-64-128-784",
}


@st.composite
def architectures(draw: st.DrawFn) -> Architecture:
    """Any network that fits together: maps first if at all, a flat code, maps last if at all."""
    activations = st.sampled_from(get_args(Activation))
    between: st.SearchStrategy[Layer] = st.sampled_from([BatchNorm(), Activate("tanh"), Dropout(0.5)])
    shape: Shape = (1, 28, 28)
    encoder: list[Layer] = []
    for kind in draw(st.lists(st.sampled_from(["conv", "stride", "pool", "up", "between"]), max_size=4)):
        layer: Layer = MaxPool() if kind == "pool" else Upsample()
        if kind == "between":
            layer = draw(between)
        if kind == "conv":
            kernel = draw(st.integers(1, min(shape[1], 5)))
            padding = draw(st.sampled_from(["same", "valid"]))
            layer = Conv(draw(st.integers(1, 6)), kernel, padding, draw(activations))
        if kind == "stride":
            layer = Conv(
                draw(st.integers(1, 6)), draw(st.sampled_from([1, 3, 5])), "same", draw(activations), 2
            )
        encoder.append(layer)
        shape = layer.shape_after(shape)
    encoder.append(Flatten())
    encoder += [Dense(draw(st.integers(1, 20)), draw(activations)) for _ in range(draw(st.integers(0, 3)))]
    on_map = draw(st.booleans())
    if on_map:
        encoder.append(Memory(draw(st.integers(1, 40))))
    decoder: list[Layer] = [
        Dense(draw(st.integers(1, 20)), draw(activations)) for _ in range(draw(st.integers(0, 2)))
    ]
    if on_map and draw(st.booleans()):
        decoder.insert(0, Fourier(draw(st.integers(1, 12)), draw(st.integers(1, 9))))
    if draw(st.booleans()):
        decoder += [
            Dense(2 * 14 * 14),
            Reshape((2, 14, 14)),
            Conv(3),
            Upsample(),
            Conv(1, 3, "same", "linear"),
        ]
    else:
        decoder += [*draw(st.lists(between, max_size=2)), Dense(784, "linear")]
    variational = not on_map and draw(st.booleans())
    if variational:
        encoder.append(Dense(draw(st.integers(1, 20)), "linear"))
    output = draw(st.sampled_from(get_args(Output)))
    return Architecture(tuple(encoder), tuple(decoder), variational, output=output)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
odd_numbers = st.sampled_from(
    [0, -1, -28, 1, 2, 28, 784, 10**400, True, 0.5, 784.0, math.nan, math.inf, "3", None]
)
layer_like = st.fixed_dictionaries(
    {
        "kind": st.sampled_from(
            [
                "dense",
                "conv",
                "max-pool",
                "upsample",
                "flatten",
                "reshape",
                "fourier",
                "memory",
                "dropout",
                "batch-norm",
                "activate",
            ]
        )
        | json_values
    },
    optional={
        "rate": odd_numbers | json_values,
        "outputs": odd_numbers | json_values,
        "filters": odd_numbers | json_values,
        "kernel": odd_numbers | json_values,
        "stride": odd_numbers | json_values,
        "octaves": odd_numbers | json_values,
        "directions": odd_numbers | json_values,
        "size": odd_numbers | json_values,
        "activation": st.sampled_from(["relu", "linear"]) | json_values,
        "padding": st.sampled_from(["same", "valid"]) | json_values,
        "shape": st.lists(odd_numbers | json_values, max_size=4) | json_values,
    },
)
switches = st.sampled_from([True, False, 1, "sigmoid", "linear"]) | json_values
network_like = st.fixed_dictionaries(
    {},
    optional={part: st.lists(layer_like, max_size=4) | json_values for part in ("encoder", "decoder")}
    | dict.fromkeys(("variational", "tied", "output"), switches),
)


@pytest.mark.parametrize("name", PARAMETERS)
def test_a_preset_has_as_many_parameters_as_counted_by_hand(name: str) -> None:
    architecture = PRESETS[name].architecture
    assert architecture.parameters == PARAMETERS[name]
    assert (architecture.code_size, architecture.code_activation) == CODES[name]
    assert architecture.summary() == SUMMARIES[name]
    assert architecture.is_dense == (name != "conv")


def test_the_counts_are_the_published_ones() -> None:
    assert PARAMETERS["dense-2d"] == 218_514
    assert PARAMETERS["vanilla-64"] == 101_200
    assert PARAMETERS["conv"] == 556_545


def test_the_convolutional_network_passes_through_the_sizes_of_its_recipe() -> None:
    shapes = [step.after for step in convolutional().steps()]
    assert shapes == [
        *[(64, 28, 28), (64, 14, 14), (128, 14, 14), (128, 7, 7), (64, 7, 7), (64, 4, 4), (1024,)],
        *[(64, 4, 4), (64, 4, 4), (64, 8, 8), (128, 8, 8), (128, 16, 16), (256, 14, 14), (256, 28, 28)],
        (1, 28, 28),
    ]


def test_parameters_are_named_by_the_place_of_their_layer() -> None:
    assert dense(20, 4, 20).parameter_shapes == {
        "encoder.1.weight": (20, 784),
        "encoder.1.bias": (20,),
        "encoder.2.weight": (4, 20),
        "encoder.2.bias": (4,),
        "decoder.0.weight": (20, 4),
        "decoder.0.bias": (20,),
        "decoder.1.weight": (784, 20),
        "decoder.1.bias": (784,),
    }


def test_the_code_is_the_first_of_the_narrowest_layers() -> None:
    assert len(dense(20, 4, 4, 20).encoder) == 3
    assert dense(20, 4, 4, 20).code_size == 4


def test_the_summary_of_convolutions_around_a_small_code_tells_every_layer_with_weights() -> None:
    small = Architecture(
        (Conv(8), MaxPool(), Flatten(), Dense(2, "linear")),
        (Dense(196), Reshape((1, 14, 14)), Upsample(), Conv(1, activation="linear")),
    )
    assert small.summary() == "conv 8, code 2, dense 196, conv 1"
    assert (small.code_size, small.code_activation) == (2, "linear")


@settings(max_examples=60, deadline=None)
@given(architectures())
def test_any_description_survives_json(architecture: Architecture) -> None:
    text = json.dumps(architecture.to_json(), allow_nan=False)
    again = Architecture.from_json(json.loads(text))
    assert again == architecture
    assert hash(again) == hash(architecture)
    assert again.parameter_shapes == architecture.parameter_shapes


@settings(max_examples=60, deadline=None)
@given(architectures())
def test_the_shapes_of_any_network_join_up(architecture: Architecture) -> None:
    steps = list(architecture.steps())
    assert all(one.after == other.before for one, other in pairwise(steps))
    assert math.prod(steps[-1].after) == 784
    assert steps[len(architecture.encoder) - 1].after == (architecture.code_size,)
    assert architecture.summary()


@settings(max_examples=150, deadline=None)
@given(json_values | network_like)
def test_nonsense_is_refused_with_nothing_but_a_value_error(description: Any) -> None:
    architecture = None
    with suppress(ValueError):
        architecture = Architecture.from_json(description)
    assert architecture is None or Architecture.from_json(architecture.to_json()) == architecture


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_a_good_description_with_one_field_spoilt_is_refused_or_means_what_it_says(
    data: st.DataObject,
) -> None:
    description = convolutional().to_json()
    layer = data.draw(st.sampled_from([*description["encoder"], *description["decoder"]]))
    layer[data.draw(st.sampled_from([*layer, "novel"]))] = data.draw(
        st.lists(odd_numbers, max_size=4) | odd_numbers | json_values
    )
    with suppress(ValueError):
        for step in Architecture.from_json(description).steps():
            assert all(type(size) is int and size > 0 for size in step.after)


@pytest.mark.parametrize(
    ("layer", "words"),
    [
        ({"kind": "dense", "outputs": True}, "outputs must be a whole number"),
        ({"kind": "dense", "outputs": 2.0}, "outputs must be a whole number"),
        ({"kind": "dense", "outputs": 0}, "outputs must be a whole number"),
        ({"kind": "dense", "outputs": 1 << 60}, "outputs must be a whole number"),
        ({"kind": "dense"}, "outputs"),
        ({"kind": "dense", "outputs": 2, "activation": "swish"}, "unknown activation: 'swish'"),
        ({"kind": "activate", "activation": ["relu"]}, "unknown activation"),
        ({"kind": "activate"}, "activation"),
        ({"kind": "dropout", "rate": 1}, "rate of a dropout"),
        ({"kind": "dropout", "rate": -0.1}, "rate of a dropout"),
        ({"kind": "dropout", "rate": True}, "rate of a dropout"),
        ({"kind": "dropout", "rate": math.nan}, "rate of a dropout"),
        ({"kind": "dropout", "rate": "0.5"}, "rate of a dropout"),
        ({"kind": "batch-norm", "momentum": 0.5}, "momentum"),
        ({"kind": "dense", "outputs": 2, "colour": "red"}, "colour"),
        ({"kind": "conv", "filters": 2, "kernel": -3}, "kernel must be a whole number"),
        ({"kind": "conv", "filters": 2, "padding": "full"}, "unknown padding: 'full'"),
        ({"kind": "conv", "filters": 2, "stride": 3}, "stride of a convolution must be 1 or 2, not 3"),
        ({"kind": "conv", "filters": 2, "stride": 0}, "stride of a convolution"),
        ({"kind": "conv", "filters": 2, "stride": 2.0}, "stride of a convolution"),
        ({"kind": "conv", "filters": 2, "stride": True}, "stride of a convolution"),
        ({"kind": "conv", "filters": 2, "stride": [2]}, "stride of a convolution"),
        ({"kind": "conv", "filters": 2, "stride": 2, "kernel": 4}, "stride 2 needs an odd kernel"),
        ({"kind": "conv", "filters": 2, "stride": 2, "padding": "valid"}, "stride 2 needs .* `same`"),
        ({"kind": "fourier", "octaves": 0}, "Fourier features need 1 to 12 octaves"),
        ({"kind": "fourier", "octaves": 13}, "Fourier features need 1 to 12 octaves"),
        ({"kind": "fourier", "directions": 0.5}, "1 direction or more, not 5 and 0.5"),
        ({"kind": "fourier"}, "Fourier features are of a code of 2 numbers, not of"),
        ({"kind": "memory"}, "size"),
        ({"kind": "memory", "size": 0}, "size must be a whole number"),
        ({"kind": "memory", "size": 1e3}, "size must be a whole number"),
        ({"kind": "memory", "size": 4, "outputs": -1}, "outputs must be a whole number"),
        ({"kind": "lstm"}, "unknown kind of layer: 'lstm'"),
        ({"outputs": 2}, "kind"),
        ({"kind": "reshape", "shape": [-28, -28]}, "shape"),
        ({"kind": "reshape", "shape": [1.0, 28, 28]}, "shape"),
        ({"kind": "reshape", "shape": [True, 28, 28]}, "shape"),
        ({"kind": "reshape", "shape": ["28", 28]}, "shape"),
        ({"kind": "reshape", "shape": 784}, "shape|iterable"),
    ],
    ids=repr,
)
def test_a_layer_that_makes_no_sense_is_named(layer: dict[str, Any], words: str) -> None:
    good = dense(4).to_json()
    with pytest.raises(ValueError, match=words):
        Architecture.from_json({**good, "encoder": [good["encoder"][0], layer, *good["encoder"][1:]]})


@pytest.mark.parametrize(
    ("encoder", "decoder", "words"),
    [
        ((Dense(2),), (Dense(784, "linear"),), "flat input"),
        ((Flatten(), Conv(2)), (Dense(784, "linear"),), "maps"),
        ((Conv(2),), (Flatten(), Dense(784, "linear")), "flat code"),
        ((), (Flatten(), Dense(784, "linear")), "flat code"),
        ((Flatten(), Dense(2)), (Dense(783, "linear"),), "no 28x28 picture"),
        ((Flatten(), Dense(2)), (Dense(784, "relu"),), "logits"),
        ((Flatten(), Dense(784)), (Reshape((1, 28, 28)),), "logits"),
        ((Flatten(),), (), "decoder"),
        ((Flatten(), Dense(5)), (Reshape((2, 2)), Dense(784, "linear")), "does not fill"),
        ((Conv(2, kernel=29, padding="valid"), Flatten()), (Dense(784, "linear"),), "does not fit"),
        ((Memory(3), Flatten()), (Dense(784, "linear"),), "a memory needs a flat input"),
        ((Flatten(), Dense(3)), (Fourier(), Dense(784, "linear")), "code of 2 numbers, not of"),
    ],
    ids=str,
)
def test_a_network_that_does_not_fit_together_is_refused_in_words(
    encoder: tuple[Layer, ...], decoder: tuple[Layer, ...], words: str
) -> None:
    with pytest.raises(ValueError, match=words):
        Architecture(encoder, decoder)


@pytest.mark.parametrize("widths", [(), (0,), (128, -2, 128)], ids=str)
def test_a_dense_network_needs_widths(widths: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="width"):
        dense(*widths)


def test_a_description_says_only_what_is_not_as_usual() -> None:
    assert dense(2).to_json().keys() == {"encoder", "decoder"}
    odd = Architecture((Flatten(), Dense(2, "tanh")), (Dense(784, "linear"),), tied=True, output="linear")
    assert {"tied": True, "output": "linear"}.items() <= odd.to_json().items()
    assert Architecture.from_json(odd.to_json()) == odd
    assert dense(2, code_activation="linear").as_variational().to_json()["variational"] is True


@pytest.mark.parametrize(
    "changes",
    [{"variational": 1}, {"tied": "yes"}, {"output": "softmax"}, {"output": []}, {"tied": None}],
    ids=str,
)
def test_a_switch_that_makes_no_sense_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="true or false, output sigmoid or linear"):
        Architecture.from_json({**dense(2).to_json(), **changes})


def test_a_variational_code_has_a_second_layer_of_the_same_shape() -> None:
    plain = dense(20, 4, 20)
    variational = plain.as_variational()
    assert variational.code_activation == "linear"
    assert variational.parameter_shapes == {
        **plain.parameter_shapes,
        "encoder.log_variance.weight": (4, 20),
        "encoder.log_variance.bias": (4,),
    }
    names = list(variational.parameter_shapes)
    assert names.index("encoder.log_variance.weight") == names.index("encoder.2.bias") + 1
    assert names[-1] == "decoder.1.bias"
    (mean,) = [step for step in variational.steps() if step.is_mean]
    assert (mean.name, mean.parameters) == ("encoder.2", 2 * (4 * 20 + 4))
    assert variational.as_variational() == variational


def test_tied_weights_are_counted_once() -> None:
    tied = replace(dense(20, 4, 20), tied=True)
    assert tied.parameters == dense(20, 4, 20).parameters - 4 * 20 - 20 * 784
    assert [step.tied_to for step in tied.steps()] == [None, None, None, "encoder.2", "encoder.1"]
    assert "decoder.0.weight" not in tied.tensor_shapes
    assert tied.tensor_shapes["decoder.0.bias"] == (20,)


def test_running_statistics_are_kept_but_not_trained() -> None:
    network = Architecture(
        (Conv(3, activation="linear"), BatchNorm(), Activate("relu"), Flatten(), Dense(2)),
        (Dense(5), BatchNorm(), Dense(784, "linear")),
    )
    extra = network.tensor_shapes.keys() - network.parameter_shapes.keys()
    assert extra == {
        f"{place}.running_{what}" for place in ("encoder.1", "decoder.1") for what in ("mean", "variance")
    }
    steps = {step.name: step for step in network.steps()}
    assert steps["encoder.1"].tensor_shapes == dict.fromkeys(
        (f"encoder.1.{name}" for name in ("weight", "bias", "running_mean", "running_variance")), (3,)
    )
    assert (steps["encoder.1"].parameters, steps["decoder.1"].parameters) == (6, 10)


@settings(max_examples=40, deadline=None)
@given(architectures())
def test_the_parameters_of_the_steps_add_up(architecture: Architecture) -> None:
    steps = list(architecture.steps())
    assert sum(step.parameters for step in steps) == architecture.parameters
    assert architecture.parameters == sum(map(math.prod, architecture.parameter_shapes.values()))


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: convolutional().as_variational(), "ends in a dense layer"),
        (lambda: replace(dense(4), variational=True), "dense, linear layer"),
        (lambda: replace(convolutional(), tied=True), "dense networks only"),
        (lambda: replace(dense(20, 4, 16), tied=True), "mirror"),
        (lambda: replace(dense(20, 4), tied=True), "mirror"),
        (lambda: replace(dense(4, 20), tied=True), "mirror"),
        (lambda: replace(dense(20, 4, 20), tied=True).as_variational(), "do not go with a variational code"),
        (lambda: Dropout(1.0), "rate"),
    ],
)
def test_what_does_not_go_together_is_refused_in_words(make: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        make()


def test_the_summary_names_what_is_not_plain() -> None:
    network = Architecture(
        (Flatten(), Dense(20, "linear"), BatchNorm(), Activate("elu"), Dropout(0.25), Dense(4, "linear")),
        (Dense(20, "elu"), Dropout(0.25), Dense(784, "linear")),
        variational=True,
        output="linear",
    )
    assert network.summary() == "784-20-4-20-784, elu, batch norm, dropout 0.25, variational, linear output"
    assert replace(dense(20, 4, 20), tied=True).summary() == "784-20-4-20-784, tied"
    assert network.is_dense


def test_a_code_has_gone_through_its_last_activation() -> None:
    decoder = (Dense(784, "linear"),)
    assert (
        Architecture((Flatten(), Dense(3, "linear"), Activate("tanh"), Dropout(0.1)), decoder).code_activation
        == "tanh"
    )
    assert Architecture((Flatten(), Dense(3, "relu"), BatchNorm()), decoder).code_activation == "linear"
