"""The dense recipes in the loop that most would write: torchvision and a DataLoader; a contender of `turns`.

python loader_peer.py PRESET DATA_DIR [--images N]
"""

from __future__ import annotations

import argparse
import time

import torch
from torch import nn
from torch.utils.data import DataLoader, Subset
from torchvision.datasets import MNIST
from torchvision.transforms import ToTensor
from turns import Answer, serve

WIDTHS = {
    "dense-2d": (128, 64, 2, 64, 128),
    "dense-32": (128, 32, 128),
    "vanilla-64": (64,),
    "deep-64": (256, 128, 64, 128, 256),
    "mlp-128": (512, 256, 128, 256, 512),
    "dense-64": (128, 64, 128),
}


def network(widths: tuple[int, ...]) -> nn.Sequential:
    modules: list[nn.Module] = [nn.Flatten()]
    before = 784
    for width in widths:
        modules += [nn.Linear(before, width), nn.Identity() if width == 2 else nn.ReLU()]
        before = width
    return nn.Sequential(*modules, nn.Linear(before, 784), nn.Sigmoid())


def main() -> None:
    parser = argparse.ArgumentParser(description="Epochs of a DataLoader loop, in turns with others.")
    parser.add_argument("preset", choices=WIDTHS)
    parser.add_argument("data_dir")
    parser.add_argument("--images", type=int, default=60_000)
    arguments = parser.parse_args()
    images = Subset(MNIST(arguments.data_dir, train=True, transform=ToTensor()), range(arguments.images))
    loader = DataLoader(images, batch_size=256, shuffle=True)
    model = network(WIDTHS[arguments.preset])
    optimiser: torch.optim.Optimizer
    if arguments.preset == "mlp-128":
        optimiser = torch.optim.SGD(model.parameters(), lr=0.01)
    else:
        optimiser = torch.optim.Adam(model.parameters())
    measure = nn.BCELoss() if arguments.preset == "dense-64" else nn.MSELoss()

    def epoch() -> Answer:
        begun, total = time.perf_counter(), 0.0
        for pictures, _ in loader:
            loss = measure(model(pictures), pictures.flatten(1))
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            total += loss.item() * len(pictures)
        return {"seconds": time.perf_counter() - begun, "train_loss": total / len(images)}

    serve({"parameters": sum(each.numel() for each in model.parameters())}, epoch)


if __name__ == "__main__":
    main()
