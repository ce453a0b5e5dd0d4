"""What a decoder is asked to show between the islands of a map."""

from dataclasses import replace

import numpy as np
import torch
import torch.nn.functional as F

from aedesk.data.imageset import DataSet
from aedesk.models.architecture import dense
from aedesk.models.initialisation import initial_weights
from aedesk.models.presets import Recipe
from aedesk.models.step import StepSettings
from aedesk.training.filling import filling
from aedesk.training.torch_engine import TorchEngine


def two_islands(count: int = 40) -> tuple[torch.Tensor, torch.Tensor]:
    """Codes on the left of black pictures, and on the right of white ones."""
    codes = torch.rand(count, 2, generator=torch.Generator().manual_seed(0)) * 0.2
    codes[count // 2 :, 0] += 4.0
    pictures = torch.zeros(count, 1, 28, 28)
    pictures[count // 2 :] = 1.0
    return codes, pictures


def asked(
    codes: torch.Tensor, pictures: torch.Tensor, seed: int = 1
) -> tuple[torch.Tensor, torch.Tensor, float]:
    """The places that a decoder is asked about, what it is to show there, and the loss of one that is always grey."""
    seen: list[torch.Tensor] = []

    def decode(places: torch.Tensor) -> torch.Tensor:
        seen.append(places)
        return torch.full((len(places), 1, 28, 28), 0.5)

    def loss(logits: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
        seen.append(wanted)
        return F.mse_loss(logits, wanted)

    found = filling(codes, pictures, decode, loss, torch.Generator().manual_seed(seed))
    return seen[0], seen[1], float(found)


def test_a_place_in_a_gap_is_to_show_the_picture_of_the_nearest_code() -> None:
    codes, pictures = two_islands()
    places, wanted, loss = asked(codes, pictures)
    assert torch.cdist(places, codes).min() > 0.25
    assert ((places[:, 0] > 2.1) == (wanted.mean((1, 2, 3)) > 0.5)).all()
    assert 0 < (wanted.mean((1, 2, 3)) > 0.5).float().mean() < 1  # both shores
    assert loss == 0.25
    extent = codes.amax(0) - codes.amin(0)
    assert (places >= codes.amin(0) - 0.11 * extent).all()
    assert (places <= codes.amax(0) + 0.11 * extent).all()


def test_the_same_generator_asks_about_the_same_places() -> None:
    first, same, other = (asked(*two_islands(), seed)[0] for seed in (1, 1, 2))
    assert torch.equal(first, same)
    assert first.shape != other.shape or not torch.equal(first, other)


def test_no_gap_costs_nothing() -> None:
    codes = torch.zeros(5, 2)
    decode = dict[str, torch.Tensor]().__getitem__  # is not asked
    found = filling(codes, torch.zeros(5, 1, 28, 28), decode, F.mse_loss, torch.Generator())  # type: ignore[arg-type]
    assert float(found) == 0


def test_the_decoder_learns_from_gaps_and_the_encoder_does_not(digits: DataSet) -> None:
    images, network = digits.train.images[:64], dense(8, 2, 8, code_activation="linear")
    recipe = Recipe(optimiser="sgd", learning_rate=1.0)
    begun = initial_weights(network, 0)
    begun["encoder.2.weight"] *= 20  # codes far from one another
    after = []
    for weight in (0.0, 1.0):
        engine = TorchEngine(network, replace(recipe, filling=weight), begun, images, torch.device("cpu"))
        engine.step(0, 64, StepSettings(1.0, 0.0, 0.0, (1, 1, 0)))
        after.append(engine.weights())
        judged = engine.evaluate(images, StepSettings(1.0, 0.0, 0.0, (1, 0, 0)))
        assert judged.penalty == 0
    without, filled = after
    for name, array in without.items():
        assert np.allclose(array, filled[name], atol=1e-6) == name.startswith("encoder"), name
