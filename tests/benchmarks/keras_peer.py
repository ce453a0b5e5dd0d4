"""The seven recipes as a Keras user would train them, as a contender of `turns`.

    KERAS_PYTHON keras_peer.py PRESET DATA_DIR [--images N]

Needs an environment of its own with `tensorflow-cpu`. DATA_DIR holds MNIST/raw/*-ubyte.
"""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
import keras
import numpy as np
import tensorflow
from keras import Input, Model, layers
from turns import Answer, serve

DENSE = {  # widths between the ends of 784, optimiser, loss
    "dense-2d": ((128, 64, 2, 64, 128), "adam", "mse"),
    "dense-32": ((128, 32, 128), "adam", "mse"),
    "vanilla-64": ((64,), "adam", "mse"),
    "deep-64": ((256, 128, 64, 128, 256), "adam", "mse"),
    "mlp-128": ((512, 256, 128, 256, 512), "sgd", "mse"),
    "dense-64": ((128, 64, 128), "adam", "binary_crossentropy"),
}


def dense(widths: tuple[int, ...], optimiser: str, loss: str) -> Model:
    x = entry = Input((784,))
    for width in widths:
        x = layers.Dense(width, activation="linear" if width == 2 else "relu")(x)
    model = Model(entry, layers.Dense(784, activation="sigmoid")(x))
    model.compile(optimizer=optimiser, loss=loss)
    return model


def conv() -> Model:
    x = entry = Input((28, 28, 1))
    for filters in (64, 128, 64):
        x = layers.Conv2D(filters, 3, activation="relu", padding="same")(x)
        x = layers.MaxPooling2D(2, padding="same")(x)
    for filters, padding in ((64, "same"), (128, "same"), (256, "valid")):
        x = layers.Conv2D(filters, 3, activation="relu", padding=padding)(x)
        x = layers.UpSampling2D(2)(x)
    model = Model(entry, layers.Conv2D(1, 3, activation="sigmoid", padding="same")(x))
    model.compile(optimizer="adam", loss="mse")
    return model


def main() -> None:
    parser = argparse.ArgumentParser(description="Epochs of Keras, in turns with others.")
    parser.add_argument("preset", choices=[*DENSE, "conv"])
    parser.add_argument("data_dir", type=Path)
    parser.add_argument("--images", type=int, default=60_000)
    arguments = parser.parse_args()
    raw = (arguments.data_dir / "MNIST" / "raw" / "train-images-idx3-ubyte").read_bytes()
    images = np.frombuffer(raw, np.uint8, offset=16).astype("float32")[: 784 * arguments.images] / 255
    if arguments.preset == "conv":
        model, images = conv(), images.reshape(-1, 28, 28, 1)
    else:
        model, images = dense(*DENSE[arguments.preset]), images.reshape(-1, 784)

    def epoch() -> Answer:
        begun = time.perf_counter()
        model.fit(images, images, batch_size=256, epochs=1, shuffle=True, verbose=0)
        return {"seconds": time.perf_counter() - begun}

    versions = f"Keras {keras.__version__}, TensorFlow {tensorflow.__version__}"
    serve({"versions": versions, "parameters": model.count_params()}, epoch)


if __name__ == "__main__":
    main()
