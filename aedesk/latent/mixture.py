"""The mixture of normal distributions that new codes are drawn from: fitted once, shipped or kept in a small file.

Codes of more than 64 numbers are drawn in the 64 directions in which they vary most; in all others they stay at
their mean. That holds 92 % of the variance of mlp-128's codes, 95 % of conv's and 96 % of denoise-conv's.
"""

from __future__ import annotations

import hashlib
import logging
import math
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from aedesk import paths
from aedesk.errors import AedeskError
from aedesk.latent import em, steps
from aedesk.latent.atlas import Atlas
from aedesk.latent.temperature import HOTTEST
from aedesk.storage import checkpoint as checkpoints
from aedesk.storage import files, library, tensors

if TYPE_CHECKING:
    from aedesk.data.imageset import ImageSet
    from aedesk.models.model import Model

MIXTURE = "mixture.safetensors"
"""The file beside a model's."""

_KIND = "mixture"
_METHOD = 1  # raised when the same codes get another mixture than before: those of before are passed over
_MOST_DIRECTIONS = 64
_MOST_EXACT = 8  # numbers drawn by factors in float16: components of such codes differ a hundredfold in size
_FEWEST_CODES, _MOST_CODES = 1000, 60_000
_MOST_NUMBERS = 20_000_000  # of all codes together that a mixture is fitted to: with more it takes long
# The likelihood of codes held out is highest with about 200 components for 60,000 codes of 32 numbers, and with about
# 150 of 64. An independent digit classifier is sure (over .9) of 88 % of dense-32's samples, of 90 % of conv's and of
# 93 % of denoise-conv's; of those of a mixture of 100, 25 and 50 fitted to the atlas alone, of 80, 76 and 74 %.
_CODES_PER_COMPONENT = 60
_MOST_COMPONENTS = 200
_MOST_BYTES = 245_000  # of a file, but for some hundred of its description
_SAME = 1e-6  # the unit of codes that are all the same
_CHUNK = 1000  # images encoded between two looks at whether they are still wanted

_log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Mixture:
    """A mixture of k normal distributions of r numbers, and how r numbers become a code.

    weights: (k,), of sum 1. means: (k, r). factors: (k, r (r + 1) / 2), of each covariance L @ L.T the lower triangle
    L, row by row. directions: (r, D), or None where the r numbers are the code's own. centre: (D,), and unit: the
    code is centre + unit * numbers @ directions. non_negative: whether no code may be below zero. fingerprint: of the
    model. All arrays float32, rounded to what `save` writes.
    """

    weights: np.ndarray = field(repr=False)
    means: np.ndarray = field(repr=False)
    factors: np.ndarray = field(repr=False)
    directions: np.ndarray | None = field(repr=False)
    centre: np.ndarray = field(repr=False)
    unit: float
    non_negative: bool
    fingerprint: str = ""

    def __len__(self) -> int:
        return len(self.weights)

    @property
    def code_size(self) -> int:
        """How many numbers a code has."""
        return len(self.centre)

    @staticmethod
    def fit(
        codes: np.ndarray,
        fingerprint: str = "",
        components: int | None = None,
        *,
        progress: em.Progress | None = None,
        cancelled: em.IsCancelled | None = None,
    ) -> Mixture:
        """The mixture of codes (N, D), the same for the same codes. Takes seconds; raises Cancelled.

        components: as many as the codes are enough for and the file is small with, if None.
        """
        some = codes[_some(len(codes), codes.shape[1])].astype(np.float32)
        centre = some.mean(axis=0, dtype=np.float64).astype(np.float32)
        unit = float(some.std(dtype=np.float64)) or _SAME
        numbers = (some - centre) / np.float32(unit)
        directions = _directions(numbers)
        if directions is not None:
            numbers = numbers @ directions.T
        count = components or _components(len(some), codes.shape[1])
        fitted = em.fit(numbers, count, progress=progress, cancelled=cancelled)
        size = numbers.shape[1]
        lower = np.tril_indices(size)
        return Mixture(
            fitted.weights,
            _halves(fitted.means),
            _rounded(fitted.factors[:, *lower], size),
            directions,
            centre,
            float(np.float32(unit)),
            bool(codes.min() >= 0),
            fingerprint,
        )

    @staticmethod
    def of(
        model: Model,
        images: ImageSet,
        *,
        progress: em.Progress | None = None,
        cancelled: em.IsCancelled | None = None,
    ) -> Mixture:
        """The mixture of a model, fitted to all training images that `fit` makes use of. Raises Cancelled."""
        chosen = np.sort(_some(len(images), model.code_size))
        codes = np.empty((len(chosen), model.code_size), np.float32)
        for start in range(0, len(chosen), _CHUNK):
            em.look(cancelled)
            if progress is not None:
                progress("encoding training images", start, len(chosen))
            part = slice(start, start + _CHUNK)
            codes[part] = model.encode(images.images[chosen[part]])
        fingerprint = checkpoints.fingerprint(model.checkpoint)
        return Mixture.fit(codes, fingerprint, progress=progress, cancelled=cancelled)

    def sample(self, n: int, seed: int = 0, temperature: float = 1.0) -> np.ndarray:
        """n codes, (n, D) float32, the same for the same seed; a temperature only scales what the seed drew."""
        check(n, temperature)
        rng = np.random.default_rng(seed)
        weights = self.weights.astype(np.float64)
        chosen = rng.choice(len(self), n, p=weights / weights.sum())
        size = self.means.shape[1]
        numbers = rng.standard_normal((n, size), np.float32)
        factor = np.zeros((size, size), np.float32)
        for component in np.unique(chosen):
            own = chosen == component
            factor[np.tril_indices(size)] = self.factors[component]
            numbers[own] = self.means[component] + temperature * (numbers[own] @ factor.T)
        if self.directions is not None:
            numbers = numbers @ self.directions
        return reachable(self.centre + np.float32(self.unit) * numbers, self.non_negative)


def mixture_for(
    atlas: Atlas,
    model_path: Path | None = None,
    *,
    progress: em.Progress | None = None,
    cancelled: em.IsCancelled | None = None,
) -> Mixture:
    """The mixture of the model of an atlas: a known one, or fitted to the atlas and put into the cache.

    model_path: of the model's file, beside which one may lie. Raises Cancelled.
    """
    found = known(atlas, model_path)
    if found is not None:
        return found
    fitted = Mixture.fit(atlas.codes, atlas.fingerprint, progress=progress, cancelled=cancelled)
    path = _cache_path(atlas)
    try:
        files.make_folder(path.parent)
        save(fitted, path)
    except AedeskError as problem:
        _log.warning("the mixture is not kept: %s", problem)
    return fitted


def known(atlas: Atlas, model_path: Path | None = None) -> Mixture | None:
    """The mixture of the model of an atlas if it need not be fitted: beside the model, shipped or from the cache."""
    beside = [] if model_path is None else [model_path.parent / MIXTURE]
    shipped = [paths.weights() / name / MIXTURE for name in library.shipped()]
    for path in (*beside, *shipped, _cache_path(atlas)):
        try:
            if files.is_file(path) and tensors.read_card(path, _KIND).get("model") == atlas.fingerprint:
                return load(path, atlas.fingerprint, atlas.code_size)
        except AedeskError as problem:
            _log.warning("mixture passed over: %s", problem)
    return None


def save(mixture: Mixture, path: str | os.PathLike[str]) -> None:
    """Write the mixture, whole or not at all: a byte for each number of large factors and directions.

    Raises AedeskError.
    """
    arrays = {"weights": mixture.weights, "means": mixture.means.astype(np.float16), "centre": mixture.centre}
    if mixture.means.shape[1] <= _MOST_EXACT:
        arrays["factors"] = mixture.factors.astype(np.float16)
    else:
        arrays |= _as_bytes("factors", mixture.factors)
    if mixture.directions is not None:
        arrays |= _as_bytes("directions", mixture.directions)
    card = {"model": mixture.fingerprint, "unit": mixture.unit, "non_negative": mixture.non_negative}
    tensors.write(path, _KIND, arrays, card)


def load(
    path: str | os.PathLike[str], fingerprint: str | None = None, code_size: int | None = None
) -> Mixture:
    """Read a mixture; with `fingerprint` and `code_size`, only if it belongs to that model.

    Raises AedeskError in one line that names the file.
    """
    path = Path(path)
    card, arrays = tensors.read(path, _KIND)
    try:
        mixture = _from_file(card, arrays)
    except (ValueError, TypeError, LookupError) as problem:
        raise AedeskError(f"{path}: not a mixture that aedesk can use: {tensors.one_line(problem)}") from None
    if fingerprint not in {None, mixture.fingerprint} or code_size not in {None, mixture.code_size}:
        raise AedeskError(f"{path}: a mixture of another model; delete it, and it will be made again")
    return mixture


def check(n: int, temperature: float) -> None:
    """Raise AedeskError for a number of samples or a temperature that nothing can be drawn by."""
    if n < 1:
        raise AedeskError(f"The number of samples must be 1 or more, not {n}.")
    if not 0 <= temperature <= HOTTEST:
        raise AedeskError(f"The temperature must be between 0 and {HOTTEST:g}, not {temperature:g}.")


def reachable(codes: np.ndarray, non_negative: bool) -> np.ndarray:
    """Codes the encoder could give: not below zero after a ReLU."""
    return (np.maximum(codes, 0) if non_negative else codes).astype(np.float32)


def _some(count: int, code_size: int) -> np.ndarray:
    """Which of so many codes a mixture is fitted to: indices, in an order of their own."""
    most = min(_MOST_CODES, max(_FEWEST_CODES, _MOST_NUMBERS // code_size))
    return np.random.default_rng(0).permutation(count)[:most]


def _directions(numbers: np.ndarray) -> np.ndarray | None:
    """The directions (r, D) in which centred codes (N, D) vary most, orthonormal but for rounding; None for few."""
    if numbers.shape[1] <= _MOST_DIRECTIONS:
        return None
    from sklearn.decomposition import PCA

    most = min(_MOST_DIRECTIONS, len(numbers))
    found = PCA(most, svd_solver="randomized", random_state=0).fit(numbers).components_
    # Laid out as a file gives them back: products with them then agree to the last bit.
    return np.ascontiguousarray(steps.values_of(*steps.taken(found, np.uint8)))


def _components(codes: int, code_size: int) -> int:
    """How many components so many codes are enough for, and a file has room for."""
    size = min(code_size, _MOST_DIRECTIONS)
    triangle = size * (size + 1) // 2
    shared = 8 * triangle + 4 * code_size + (0 if code_size == size else (size + 8) * code_size)
    room = (_MOST_BYTES - shared) // (triangle + 2 * size + 4)
    return int(np.clip(codes // _CODES_PER_COMPONENT, 1, max(1, min(room, _MOST_COMPONENTS))))


def _cache_path(atlas: Atlas) -> Path:
    digest = hashlib.sha256(atlas.fingerprint.encode() + atlas.codes.tobytes()).hexdigest()
    return paths.cache() / "mixtures" / f"{digest[:32]}-{_METHOD}.safetensors"


def _rounded(factors: np.ndarray, size: int) -> np.ndarray:
    """Factors of `size` numbers as `save` writes them."""
    return _halves(factors) if size <= _MOST_EXACT else steps.values_of(*steps.taken(factors, np.uint8))


def _halves(values: np.ndarray) -> np.ndarray:
    halves: np.ndarray = values.astype(np.float16).astype(np.float32)
    return halves


def _as_bytes(name: str, values: np.ndarray) -> tensors.Arrays:
    names = name, f"{name}_offset", f"{name}_scale"
    return dict(zip(names, steps.taken(values, np.uint8), strict=True))


def _from_file(card: tensors.Card, arrays: tensors.Arrays) -> Mixture:
    """The mixture in what a file held; ValueError, TypeError or LookupError if there is none in it."""
    weights, means, centre = arrays["weights"], arrays["means"], arrays["centre"]
    if means.dtype != np.float16 or means.ndim != 2 or not means.size:
        raise ValueError(f"means of the form {means.dtype} {means.shape}")
    k, size = means.shape
    if weights.dtype != np.float32 or weights.shape != (k,) or weights.min() < 0 or not weights.sum() > 0:
        raise ValueError(f"{k} means but weights of the form {weights.dtype} {weights.shape}, or below zero")
    if centre.dtype != np.float32 or centre.ndim != 1:
        raise ValueError(f"a centre of the form {centre.dtype} {centre.shape}")
    triangles = k, size * (size + 1) // 2
    factors = arrays["factors"].astype(np.float32)
    if size > _MOST_EXACT:
        factors = _from_bytes("factors", arrays, triangles)
    elif arrays["factors"].dtype != np.float16 or factors.shape != triangles:
        raise ValueError(f"factors of the form {arrays['factors'].dtype} {factors.shape}")
    directions = None
    if "directions" in arrays or size != len(centre):
        directions = _from_bytes("directions", arrays, (size, len(centre)))
    unit, non_negative, fingerprint = card["unit"], card["non_negative"], card["model"]
    if type(unit) is not float or not 0 < unit < math.inf or type(non_negative) is not bool:
        raise ValueError("a unit that is no number above zero, or a sign of an unknown form")
    if not isinstance(fingerprint, str):
        raise ValueError("a model of an unknown form")
    return Mixture(
        weights, means.astype(np.float32), factors, directions, centre, unit, non_negative, fingerprint
    )


def _from_bytes(name: str, arrays: tensors.Arrays, shape: tuple[int, int]) -> np.ndarray:
    taken, offset, scale = (arrays[f"{name}{part}"] for part in ("", "_offset", "_scale"))
    if taken.dtype != np.uint8 or taken.shape != shape:
        raise ValueError(f"{name} of the form {taken.dtype} {taken.shape}")
    return steps.values_of(taken, offset, scale)
