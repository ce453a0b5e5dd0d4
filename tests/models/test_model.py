import numpy as np
import pytest
import torch

from aedesk.errors import AedeskError
from aedesk.models.architecture import Dense, convolutional, dense
from aedesk.models.autoencoder import Autoencoder
from aedesk.models.checkpoint import Checkpoint
from aedesk.models.design import Design
from aedesk.models.initialisation import initial_weights
from aedesk.models.model import Model


def model_of(*widths: int) -> Model:
    return Model(Checkpoint("tiny", dense(*widths), initial_weights(dense(*widths), 0)))


@pytest.fixture
def model() -> Model:
    return model_of(20, 4, 20)


@pytest.fixture
def images() -> np.ndarray:
    return np.random.default_rng(0).random((7, 28, 28), dtype=np.float32)


def by_hand(model: Model, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Codes and reconstructions of a dense network, in float64 NumPy."""
    x, codes = images.reshape(len(images), -1).astype(np.float64), np.empty(0)
    for step in model.architecture.steps():
        if isinstance(step.layer, Dense):
            weight, bias = (model.checkpoint.weights[f"{step.name}.{part}"] for part in ("weight", "bias"))
            x = x @ weight.T.astype(np.float64) + bias
            x = np.maximum(x, 0) if step.layer.activation == "relu" else x
            codes = x if x.shape[1] == model.code_size else codes
    return codes, (1 / (1 + np.exp(-x))).reshape(-1, 28, 28)


def test_codes_and_reconstructions_are_those_of_the_network(model: Model, images: np.ndarray) -> None:
    codes, reconstructions = by_hand(model, images)
    np.testing.assert_allclose(model.encode(images), codes, atol=1e-5)
    np.testing.assert_allclose(model.reconstruct(images), reconstructions, atol=1e-6)
    np.testing.assert_allclose(model.decode(model.encode(images)), reconstructions, atol=1e-6)
    assert model.encode(images).dtype == model.reconstruct(images).dtype == np.float32


def test_one_picture_and_one_code_are_sets_of_one(model: Model, images: np.ndarray) -> None:
    code = model.encode(images[0])
    assert code.shape == (1, 4)
    assert model.decode(code[0]).shape == (1, 28, 28)
    np.testing.assert_allclose(model.decode(code[0]), model.reconstruct(images[:1]), atol=1e-6)


@pytest.mark.parametrize("device", ["cuda:99", "abacus"])
def test_a_device_that_is_not_there_is_refused_by_name(device: str) -> None:
    with pytest.raises(AedeskError, match=device) as caught:
        Model(Checkpoint("tiny", dense(2), initial_weights(dense(2), 0)), device)
    assert "\n" not in str(caught.value)


def test_an_empty_set_gives_an_empty_set(model: Model) -> None:
    assert model.encode(np.empty((0, 28, 28), np.float32)).shape == (0, 4)
    assert model.decode(np.empty((0, 4), np.float32)).shape == (0, 28, 28)


def test_bytes_and_floats_of_the_same_picture_have_the_same_code(model: Model, images: np.ndarray) -> None:
    raw = (images * 255).astype(np.uint8)
    np.testing.assert_allclose(model.encode(raw), model.encode(raw / 255), atol=1e-6)


def test_read_only_and_strided_input_is_taken(model: Model, images: np.ndarray) -> None:
    expected = model.encode(np.ascontiguousarray(images[::2, ::-1]))
    images.flags.writeable = False
    np.testing.assert_array_equal(model.encode(images[::2, ::-1]), expected)


def test_input_is_not_changed(model: Model, images: np.ndarray) -> None:
    before = images.copy()
    model.reconstruct(images)
    np.testing.assert_array_equal(images, before)


def test_more_images_than_one_chunk_come_back_in_order(model: Model) -> None:
    images = np.random.default_rng(1).random((1203, 28, 28), dtype=np.float32)
    np.testing.assert_allclose(model.reconstruct(images), by_hand(model, images)[1], atol=1e-6)


def test_a_convolutional_model_equals_its_network_in_small_chunks() -> None:
    architecture = convolutional()
    checkpoint = Checkpoint("conv", architecture, initial_weights(architecture, 0))
    images = np.random.default_rng(0).random((25, 28, 28), dtype=np.float32)
    network = Autoencoder(architecture)
    network.load_weights(checkpoint.weights)
    with torch.no_grad():
        expected = network(torch.from_numpy(images)[:, None]).sigmoid()[:, 0].numpy()
    np.testing.assert_allclose(Model(checkpoint).reconstruct(images), expected, atol=1e-5)


def test_changing_the_weights_elsewhere_does_not_change_the_model(images: np.ndarray) -> None:
    weights = initial_weights(dense(4), 0)
    model = Model(Checkpoint("tiny", dense(4), weights))
    before = model.encode(images)
    for array in weights.values():
        array += 1
    np.testing.assert_array_equal(model.encode(images), before)


@pytest.mark.parametrize(
    ("images", "words"),
    [
        (np.zeros((28, 27)), "shape"),
        (np.zeros(784), "shape"),
        (np.zeros((2, 1, 28, 28)), "shape"),
        (np.zeros((28, 28), np.int64), "floats"),
        (np.full((28, 28), 255.0), "within"),
        (np.full((28, 28), np.nan), "within"),
    ],
    ids=["narrow", "flat", "with channels", "whole numbers", "up to 255", "nan"],
)
def test_wrong_images_are_refused_in_words(model: Model, images: np.ndarray, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        model.encode(images)


@pytest.mark.parametrize(
    ("codes", "words"),
    [(np.zeros(3), r"\(N, 4\)"), (np.zeros((1, 2, 4)), "shape"), (np.full(4, np.inf), "finite")],
    ids=["too short", "too deep", "infinite"],
)
def test_wrong_codes_are_refused_in_words(model: Model, codes: np.ndarray, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        model.decode(codes)


def test_a_model_knows_what_it_is(model: Model) -> None:
    assert (model.name, model.code_size, model.architecture) == ("tiny", 4, dense(20, 4, 20))


OWN = {
    "one number": Design(code=1, widths=(20,), activation="elu", batch_norm=True, dropout=0.5),
    "256 numbers": Design(code=256, widths=(), tied=True, output="linear"),
    "one number of maps": Design(layers="conv", filters=(2, 3, 2), code=1, batch_norm=True, dropout=0.5),
    "five poolings": Design(layers="conv", filters=(1, 2, 1, 2, 1), code=256, activation="tanh"),
}


OWN_NETWORKS = {name: design.architecture() for name, design in OWN.items()} | {
    f"{name}, variational": design.architecture().as_variational()
    for name, design in OWN.items()
    if not design.tied
}


@pytest.mark.parametrize("name", OWN_NETWORKS)
def test_an_own_network_answers_like_any_other(name: str, images: np.ndarray) -> None:
    architecture = OWN_NETWORKS[name]
    model = Model(Checkpoint("own", architecture, initial_weights(architecture, 0)))
    codes = model.encode(images)
    assert codes.shape == (7, model.code_size)
    assert codes.dtype == np.float32
    np.testing.assert_array_equal(model.encode(images), codes)
    rebuilt = model.reconstruct(images)
    assert rebuilt.shape == (7, 28, 28)
    assert 0 <= rebuilt.min() <= rebuilt.max() <= 1
    np.testing.assert_allclose(model.decode(codes), rebuilt, atol=1e-6)
    np.testing.assert_allclose(model.decode(codes[0]), rebuilt[:1], atol=1e-5)
    assert model.decode(1e3 * np.ones(model.code_size, np.float32)).max() <= 1
