"""How odd a picture is beside known ones: what the model cannot rebuild, where its code lies, what no neighbour has."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Literal, NamedTuple, get_args

import numpy as np
import numpy.typing as npt

from aedesk.analysis.bending import Apart, apart, strength
from aedesk.analysis.watch import IsCancelled, Progress, Watch
from aedesk.data.imageset import ImageSet
from aedesk.errors import AedeskError
from aedesk.latent.metric import Metric
from aedesk.latent.neighbours import Neighbours

if TYPE_CHECKING:
    from aedesk.models.model import Model

ScoreKind = Literal["combined", "reconstruction", "code"]
KINDS: tuple[ScoreKind, ...] = get_args(ScoreKind)
"""What a picture is judged by, the best first."""

_HELD_OUT = (
    0.2  # of the known pictures: these say what is usual, the others are what a picture is compared with
)
_FEWEST = 10  # known pictures
_MOST_USUAL = 3_000
_MOST_REFERENCES = 48_000  # 38 MB of pictures; from 12,000 on, what is gained is small
_MOST_NUMBERS = 4_000_000  # in the codes of all references
_CHUNK = 100  # pictures between two looks at whether the work is still wanted

# Tried on training images with a digit held out, and on half of the kinds of scribbles: fewer neighbours miss the one
# that is alike, and a single one that happens to be alike says less than three.
_NEAREST = 40  # codes whose pictures are compared
_ALIKE = 3  # of them, the least unlike
_OF_CODE = 0.2  # the weight of the code's distance beside how unlike the strokes are
_FARTHEST = 2.0  # of two codes: `latent.metric` puts all into the unit ball

_ODD, _SOMEWHAT = 0.99, 0.9  # shares of the usual pictures, in words
_MUCH = 0.1  # difference of two shares that is worth saying


@dataclass(frozen=True, eq=False)
class Scores:
    """How odd pictures are, each (N,) float64, from 0; higher is odder.

    reconstruction: the mean squared error of a pixel. code: the mean distance to the three nearest known codes, in the
    coordinates of `latent.metric`. combined: in [0, 1), how unlike the known pictures of the nearest codes it is where
    strokes may bend (`bending.apart`), a mean over the three that are most alike, and a fifth as much of `code`.
    """

    reconstruction: np.ndarray
    code: np.ndarray
    combined: np.ndarray

    def of(self, kind: ScoreKind) -> np.ndarray:
        values: np.ndarray = getattr(self, kind)
        return values

    def __len__(self) -> int:
        return len(self.combined)

    def __getitem__(self, which: slice | np.ndarray) -> Scores:
        return Scores(*(getattr(self, field.name)[which] for field in fields(self)))


@dataclass(frozen=True, eq=False)
class Verdict:
    """scores: of one picture. share: of the usual pictures that are less odd by `combined`. words: for people."""

    scores: Scores
    share: float
    words: str


class _Look(NamedTuple):
    """One picture beside known ones. nearest: the known picture that is most alike, and place: which of `beside`."""

    scores: Scores
    nearest: np.ndarray
    place: int
    beside: Apart


class Detector:
    """Knows what is usual among known pictures under a model, and tells how far from it others are.

    usual: the scores of known pictures that were held out of the comparison.
    """

    def __init__(self, model: Model, references: ImageSet, usual: ImageSet, watch: Watch) -> None:
        self._model = model
        self._references = references
        codes = np.empty((len(references), model.code_size), np.float32)
        for chunk in watch.chunks("encoding known pictures", len(references)):
            codes[chunk] = model.encode(references.images[chunk])
        self._metric = Metric(codes)
        self._neighbours = Neighbours(self._metric(codes))
        self._latest: tuple[bytes, _Look] | None = None
        self.usual = self._scored(usual.images, "scoring known pictures", watch)

    @classmethod
    def fit(
        cls,
        model: Model,
        known: ImageSet,
        *,
        seed: int = 0,
        most_usual: int = _MOST_USUAL,
        progress: Progress | None = None,
        cancelled: IsCancelled | None = None,
    ) -> Detector:
        """A detector of what is not like `known`, of which a fifth, drawn by `seed`, is held out to say what is usual.

        Of more than 60,000 pictures, others are left out, so that a sketch is scored in a few milliseconds. most_usual:
        at most so many say what is usual, 0 where no threshold and no share is asked for. No label is looked at.
        Raises Cancelled, and AedeskError where there are too few pictures.
        """
        if len(known) < _FEWEST:
            raise AedeskError(
                f"What is usual cannot be told from {len(known)} known pictures; use {_FEWEST} or more."
            )
        references, usual = known.split(_HELD_OUT, seed)
        most = min(_MOST_REFERENCES, max(_MOST_NUMBERS // model.code_size, _NEAREST))
        chosen = [_drawn(len(references), most, seed), _drawn(len(usual), most_usual, seed)]
        return cls(model, references[chosen[0]], usual[chosen[1]], Watch(progress, cancelled))

    def score(
        self, images: npt.ArrayLike, *, progress: Progress | None = None, cancelled: IsCancelled | None = None
    ) -> Scores:
        """Images (N, 28, 28) or (28, 28), floats in [0, 1] or uint8 -> the scores of each. Raises Cancelled."""
        pictures = np.asarray(images).reshape(-1, 28, 28)
        return self._scored(pictures, "scoring pictures", Watch(progress, cancelled))

    def threshold(self, false_alarms: float, kind: ScoreKind = "combined") -> float:
        """The score that the share `false_alarms`, in [0, 1], of the usual pictures exceeds."""
        return float(np.quantile(self.usual.of(kind), 1 - false_alarms))

    def share_below(self, score: float, kind: ScoreKind = "combined") -> float:
        """The share of the usual pictures, in [0, 1], whose score is lower."""
        return float((self.usual.of(kind) < score).mean())

    def nearest(self, image: np.ndarray) -> np.ndarray:
        """The known picture (28, 28) that is most like this one (28, 28), strokes bent, among those of near codes."""
        return self._look(image).nearest

    def heat(self, image: np.ndarray) -> np.ndarray:
        """What is odd about a picture (28, 28) beside its `nearest`: (28, 28) float32, 0 nothing, 1 a whole stroke.

        Both count: what the picture has too much, and what it lacks.
        """
        from scipy.ndimage import gaussian_filter

        look = self._look(image)
        unlike = look.beside.here[..., look.place] + look.beside.there[..., look.place]
        stroke = np.quantile(strength(look.nearest), _STROKE)
        heat: np.ndarray = np.clip(gaussian_filter(unlike / max(stroke, 1e-6), _BLUR), 0, 1)
        return heat.astype(np.float32)

    def verdict(self, image: np.ndarray) -> Verdict:
        """What to say of one picture (28, 28)."""
        scores = self._look(image).scores
        shares = {kind: self.share_below(float(scores.of(kind)[0]), kind) for kind in KINDS}
        return Verdict(scores, shares["combined"], _words(shares))

    def _look(self, image: np.ndarray) -> _Look:
        """The picture (28, 28) beside the known ones; asked again for the same picture, nothing is done again."""
        picture = np.ascontiguousarray(image, np.float32)
        key = picture.tobytes()
        latest = self._latest  # one name for it: other threads may ask as well
        if latest is None or latest[0] != key:
            latest = self._latest = (key, self._beside(picture))
        return latest[1]

    def _beside(self, picture: np.ndarray) -> _Look:
        codes = self._model.encode(picture)
        error = float(((self._model.decode(codes)[0].astype(np.float64) - picture) ** 2).mean())
        found, distances = self._neighbours.nearest(self._metric(codes), _NEAREST)
        near = self._references.pixels(found[0])
        beside = apart(picture, near)
        code = distances[:, :_ALIKE].mean(axis=1, dtype=np.float64)
        scores = Scores(np.array([error]), code, _combined(np.array([_least(beside.unlike)]), code))
        place = int(beside.unlike.argmin())
        return _Look(scores, near[place], place, beside)

    def _scored(self, images: np.ndarray, what: str, watch: Watch) -> Scores:
        """The scores of images (N, 28, 28), floats in [0, 1] or uint8."""
        scores = Scores(*np.empty((len(fields(Scores)), len(images))))
        for chunk in watch.chunks(what, len(images), _CHUNK):
            pictures = _pixels(images[chunk])
            codes = self._model.encode(pictures)
            errors = self._model.decode(codes).astype(np.float64) - pictures
            scores.reconstruction[chunk] = (errors**2).mean(axis=(1, 2))
            found, distances = self._neighbours.nearest(self._metric(codes), _NEAREST)
            scores.code[chunk] = distances[:, :_ALIKE].mean(axis=1, dtype=np.float64)
            unlike = [
                _least(apart(picture, self._references.pixels(near)).unlike)
                for picture, near in zip(pictures, found, strict=True)
            ]
            scores.combined[chunk] = _combined(np.array(unlike), scores.code[chunk])
        return scores


_STROKE = 0.95  # of the pixels of a picture have less ink around them than a stroke has
_BLUR = 0.6  # pixels


def _least(unlike: np.ndarray) -> float:
    return float(np.sort(unlike)[:_ALIKE].mean())


def _combined(unlike: np.ndarray, code: np.ndarray) -> np.ndarray:
    """How unlike the strokes are and how far the code is, (n,) each, as one number in [0, 1)."""
    together: np.ndarray = (unlike + _OF_CODE * code) / (1 + _OF_CODE * _FARTHEST)
    return together


def _words(shares: dict[ScoreKind, float]) -> str:
    """What the shares of usual pictures that are less odd mean."""
    share, code, pixels = shares["combined"], shares["code"], shares["reconstruction"]
    if share < _SOMEWHAT:
        return f"Usual: odder than {_percent(share)} of known pictures."
    start = f"{'Odd' if share >= _ODD else 'Somewhat odd'}: odder than {_percent(share)} of known pictures"
    if max(code, pixels) < _SOMEWHAT:
        return f"{start}, though neither its code nor its error stands out: its strokes do."
    if code > pixels + _MUCH:
        return (
            f"{start}, more for its shape (code, {_percent(code)}) than for its pixels ({_percent(pixels)})."
        )
    if pixels > code + _MUCH:
        return (
            f"{start}, more for its pixels ({_percent(pixels)}) than for its shape (code, {_percent(code)})."
        )
    return f"{start}, for its shape (code, {_percent(code)}) and its pixels ({_percent(pixels)}) alike."


def _percent(share: float) -> str:
    """One decimal, and never 100 % where some are odder yet."""
    return "all" if share >= 1 else f"{min(share, 0.999):.1%}"


def _drawn(count: int, most: int, seed: int) -> np.ndarray:
    """At most `most` of `count` places, ascending."""
    return np.sort(np.random.default_rng(seed).permutation(count)[:most])


def _pixels(images: np.ndarray) -> np.ndarray:
    """As float32 in [0, 1]."""
    return images.astype(np.float32) / np.float32(255 if images.dtype == np.uint8 else 1)
