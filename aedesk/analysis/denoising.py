"""Damaged pictures mended by networks and by two classical filters, each filter at its best setting."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np

from aedesk.analysis import fidelity
from aedesk.analysis.watch import IsCancelled, Progress, Watch
from aedesk.data.corruption import Corruption, Mixture, corrupt
from aedesk.data.imageset import DataSet, ImageSet
from aedesk.errors import AedeskError
from aedesk.storage.table import Cell, Table

if TYPE_CHECKING:
    from aedesk.models.model import Model

Filter = Literal["median", "tv"]
FILTERS: tuple[Filter, ...] = get_args(Filter)
FILTER_WORDS: dict[Filter, str] = {"median": "Median filter", "tv": "Total variation"}
SETTINGS: dict[Filter, tuple[float, ...]] = {
    "median": (3, 5, 7),
    "tv": (0.02, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.5, 0.6, 0.8, 1.0, 1.5, 2.0, 3.0),
}
"""What `best_setting` tries: pixels of the median's window, the weight of total variation."""
KIND_WORDS: dict[Corruption | Mixture, str] = {
    "gaussian": "Gaussian noise",
    "salt-pepper": "Salt and pepper",
    "masking": "Lost pixels",
    "speckle": "Speckle",
    "blur": "Blur",
    "occlusion": "Covered block",
    "strokes": "Missing strokes",
    "mixed": "Mixed damage",
}
"""What befalls a picture, for people, in the order of a menu."""
UNTOUCHED = "Damaged"
STRENGTHS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
"""What `sweep` goes through by default."""

_TUNED_ON = 300  # training images
_CHUNK = 100  # images between two looks at whether the work is still wanted
_EXAMPLES = 8
# A model refuses what is farther outside [0, 1]. What noise of sigma 0.5 puts beyond is certainly paper, or
# certainly ink: cutting it there costs a denoiser nothing (19.87 dB against 19.79 without).
_FLOOR, _CEILING = -0.5, 1.5


def median(images: np.ndarray, size: int) -> np.ndarray:
    """Each pixel of (N, 28, 28) becomes the median of the `size` x `size` around it; clipped to [0, 1] after.

    Beyond the edge the pixels at the edge go on, as with `skimage.filters.median`.
    """
    from scipy.ndimage import median_filter

    filtered: np.ndarray = median_filter(images, size=(1, size, size), mode="nearest")
    return filtered.clip(0, 1)


def total_variation(images: np.ndarray, weight: float) -> np.ndarray:
    """Each of (N, 28, 28) smoothed but for its edges (Chambolle 2004, by scikit-image); clipped to [0, 1] after."""
    from skimage.restoration import denoise_tv_chambolle

    smoothed = np.empty_like(images)
    for picture, image in zip(smoothed, images, strict=True):
        picture[:] = denoise_tv_chambolle(image, weight=weight)  # type: ignore[no-untyped-call]
    return smoothed.clip(0, 1)


def filtered(method: Filter, images: np.ndarray, setting: float) -> np.ndarray:
    """Images (N, 28, 28) after a filter of `FILTERS` at a setting such as those of `SETTINGS`."""
    return median(images, int(setting)) if method == "median" else total_variation(images, setting)


def denoise(model: Model, images: np.ndarray) -> np.ndarray:
    """What a model rebuilds of damaged images (N, 28, 28), which may be outside [0, 1]; float32 in [0, 1]."""
    return model.reconstruct(images.clip(_FLOOR, _CEILING))


def best_setting(method: Filter, clean: np.ndarray, noisy: np.ndarray, watch: Watch | None = None) -> float:
    """That of `SETTINGS` with the highest mean PSNR over the images (N, 28, 28); the first of several as good."""
    watch = watch or Watch()
    what = f"tuning the {FILTER_WORDS[method].lower()}"
    pieces = [slice(start, start + _CHUNK) for start in range(0, len(noisy), _CHUNK)]
    scores = []
    for place, setting in enumerate(SETTINGS[method]):
        decibels = []
        for number, piece in enumerate(pieces):
            watch.tell(what, place * len(pieces) + number, len(SETTINGS[method]) * len(pieces))
            decibels.append(fidelity.psnr(filtered(method, noisy[piece], setting), clean[piece]))
        scores.append(float(np.concatenate(decibels).mean()))
    return SETTINGS[method][int(np.argmax(scores))]


def setting_words(method: Filter, setting: float) -> str:
    """A setting for people."""
    return f"{setting:g}x{setting:g} pixels" if method == "median" else f"weight {setting:g}"


@dataclass(frozen=True, eq=False)
class Outcome:
    """How near the mended pictures come to the clean ones, and some of them to look at.

    name: of a model or a filter, or `UNTOUCHED`. setting: of a filter, in words. mse, psnr (dB), ssim: (N,) per image.
    examples: (n, 28, 28); those of `UNTOUCHED` may be outside [0, 1].
    """

    name: str
    setting: str
    is_filter: bool
    mse: np.ndarray
    psnr: np.ndarray
    ssim: np.ndarray
    examples: np.ndarray

    @property
    def mean_psnr(self) -> float:
        """The mean of the images' PSNR in dB; infinite where one of them is perfect."""
        return float(self.psnr.mean())

    @property
    def psnr_of_mean(self) -> float:
        """The PSNR of the mean squared error over all images, in dB: the worst images weigh most."""
        with np.errstate(divide="ignore"):
            return float(-10 * np.log10(self.mse.mean()))


@dataclass(frozen=True, eq=False)
class Comparison:
    """How well damage is mended on test images.

    data: name of the data set. images: how many of its test images. tuned_on: how many training images the filters'
    settings were chosen on. clean: (n, 28, 28), of which all outcomes have `examples`. outcomes: `UNTOUCHED` first,
    then the filters, then the models.
    """

    data: str
    kind: Corruption | Mixture
    strength: float
    seed: int
    images: int
    tuned_on: int
    clean: np.ndarray
    outcomes: tuple[Outcome, ...]

    @property
    def best_filter(self) -> Outcome:
        """The filter with the higher mean PSNR."""
        return max((one for one in self.outcomes if one.is_filter), key=lambda one: one.mean_psnr)

    def gain(self, outcome: Outcome) -> float:
        """How many dB an outcome is above the better of the filters, by mean PSNR; NaN where both are infinite."""
        with np.errstate(invalid="ignore"):
            return float(np.float64(outcome.mean_psnr) - self.best_filter.mean_psnr)

    def table(self) -> Table:
        """A row for each outcome."""
        return Table.of([self._row(one) for one in self.outcomes])

    def _row(self, outcome: Outcome) -> dict[str, Cell]:
        return {
            "data": self.data,
            "noise": self.kind,
            "strength": self.strength,
            "seed": self.seed,
            "test_images": self.images,
            "method": outcome.name,
            "setting": outcome.setting,
            "psnr": outcome.mean_psnr,
            "psnr_of_mean_mse": outcome.psnr_of_mean,
            "ssim": float(outcome.ssim.mean()),
            "mse": float(outcome.mse.mean()),
            "psnr_above_best_filter": self.gain(outcome),
        }


def compare(
    models: Sequence[Model],
    data: DataSet,
    kind: Corruption | Mixture,
    strength: float,
    *,
    limit: int | None = None,
    seed: int = 0,
    progress: Progress | None = None,
    cancelled: IsCancelled | None = None,
) -> Comparison:
    """Damage the test images and have each model and each filter mend them.

    The filters' settings are chosen on training images; `limit` test images are spread evenly over all of them.
    Raises AedeskError where a part of `data` is empty, Cancelled.
    """
    if not len(data.train) or not len(data.test):
        raise AedeskError(f"{data.name} needs training images to tune the filters on, and test images.")
    watch = Watch(progress, cancelled)
    settings, tuned_on = _tuned(data.train, kind, strength, seed, watch)
    test = data.test.at_most(limit)
    names = [UNTOUCHED, *(FILTER_WORDS[method] for method in FILTERS), *(model.name for model in models)]
    figures: list[list[np.ndarray]] = [[] for _ in names]
    shown = _examples(test)
    examples: list[list[np.ndarray]] = [[] for _ in names]
    rng = np.random.default_rng(seed)
    for chunk in watch.chunks("mending the test images", len(test), _CHUNK):
        clean = test.pixels(chunk)
        noisy = corrupt(clean, kind, strength, rng)
        mended = [noisy, *(filtered(method, noisy, settings[method]) for method in FILTERS)]
        mended += [denoise(model, noisy) for model in models]
        places = shown[(shown >= chunk.start) & (shown < chunk.stop)] - chunk.start
        for images, figure, example in zip(mended, figures, examples, strict=True):
            figure.append(_figures(images, clean))
            example.append(images[places])
    outcomes = []
    for place, name in enumerate(names):
        method = FILTERS[place - 1] if 0 < place <= len(FILTERS) else None
        mse, psnr, ssim = np.concatenate(figures[place], axis=1)
        words = setting_words(method, settings[method]) if method else ""
        pictures = np.concatenate(examples[place])
        outcomes.append(Outcome(name, words, method is not None, mse, psnr, ssim, pictures))
    return Comparison(
        data.name, kind, strength, seed, len(test), tuned_on, test.pixels(shown), tuple(outcomes)
    )


def sweep(
    models: Sequence[Model],
    data: DataSet,
    kind: Corruption | Mixture,
    *,
    strengths: Sequence[float] = STRENGTHS,
    limit: int | None = None,
    seed: int = 0,
    progress: Progress | None = None,
    cancelled: IsCancelled | None = None,
) -> list[Comparison]:
    """`compare` at each strength; the filters are tuned anew for each."""
    watch = Watch(progress, cancelled)
    return [
        compare(models, data, kind, strength, limit=limit, seed=seed, cancelled=cancelled)
        for strength in watch.each("going through the strengths", strengths)
    ]


def _tuned(
    train: ImageSet, kind: Corruption | Mixture, strength: float, seed: int, watch: Watch
) -> tuple[dict[Filter, float], int]:
    """The best setting of each filter, and how many training images it was found on."""
    rng = np.random.default_rng([seed, 1])  # other draws than on the test images
    held_out = np.sort(rng.permutation(len(train))[:_TUNED_ON])
    clean = train.pixels(held_out)
    noisy = corrupt(clean, kind, strength, rng)
    return {method: best_setting(method, clean, noisy, watch) for method in FILTERS}, len(held_out)


def _examples(images: ImageSet) -> np.ndarray:
    """Indices of the first image of each of the first classes, or of the first images where there are few classes."""
    first = np.unique(images.labels, return_index=True)[1][:_EXAMPLES]
    others = np.setdiff1d(np.arange(min(len(images), 2 * _EXAMPLES)), first)
    return np.sort(np.concatenate([first, others[: _EXAMPLES - len(first)]]))


def _figures(images: np.ndarray, clean: np.ndarray) -> np.ndarray:
    """(3, N): MSE, PSNR and SSIM of each image."""
    return np.stack([fidelity.mse(images, clean), fidelity.psnr(images, clean), fidelity.ssim(images, clean)])
