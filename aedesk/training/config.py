"""The settings of a training run, checked when they are made. No torch in here."""

from __future__ import annotations

import math
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, fields, replace
from functools import cached_property
from typing import Any, Literal, get_args

from aedesk.data.corruption import MOST
from aedesk.errors import AedeskError
from aedesk.models.architecture import Architecture, Memory
from aedesk.models.design import Design
from aedesk.models.design import problems as design_problems
from aedesk.models.initialisation import Initialisation
from aedesk.models.presets import PRESETS, Kind, Loss, Optimiser, Recipe, Reduction, Schedule, mismatch

EngineName = Literal["torch", "numpy"]
Precision = Literal["auto", "float32", "tf32", "bfloat16"]

_CHOICES = {
    "loss": get_args(Loss),
    "optimiser": get_args(Optimiser),
    "initialisation": get_args(Initialisation),
    "reduction": get_args(Reduction),
    "schedule": get_args(Schedule),
    "kind": get_args(Kind),
    "noise": tuple(MOST),
    "engine": get_args(EngineName),
    "precision": get_args(Precision),
}
RECIPE_FIELDS = tuple(field.name for field in fields(Recipe))
DESIGN_FIELDS = tuple(field.name for field in fields(Design))


@dataclass(frozen=True)
class TrainingConfig:
    """What to train, on what, and how. A value that makes no sense raises AedeskError naming it.

    design: an own network in place of the preset's. data: the name of a data set or the path of the user's own.
    device: auto, cpu, cuda or cuda:N. validation_fraction: share of the training images, in (0, 0.5], that is only
    ever validated on. threads: of the CPU; 0 leaves the choice to torch. keep_mb: megabytes that the epochs kept for
    the time machine may take; of a longer run every second, fourth ... epoch stays.
    The same configuration on the same device with the same threads and precision gives the same run.
    """

    preset: str
    recipe: Recipe
    design: Design | None = None
    data: str = "mnist"
    seed: int = 0
    validation_fraction: float = 0.05
    engine: EngineName = "torch"
    device: str = "auto"
    precision: Precision = "auto"
    threads: int = 0
    keep_mb: int = 256

    def __post_init__(self) -> None:
        for _, sentence in _problems(self):
            raise AedeskError(sentence)

    @cached_property
    def architecture(self) -> Architecture:
        """The network: the preset's or the own one, with a variational code where the kind asks for it."""
        own = self.design
        plain = PRESETS[self.preset].architecture if own is None else own.architecture()
        return plain.as_variational() if self.recipe.kind == "variational" else plain

    @property
    def label(self) -> str:
        """A short name for people and folders: the preset's, or one that tells an own network's kind and code."""
        kind = self.recipe.kind
        if self.design is None:
            usual = PRESETS[self.preset].recipe.kind
            return self.preset if kind == usual else f"{self.preset}-{kind}"
        name = f"{self.design.layers if kind == 'plain' else kind}-{self.design.code}"
        return f"own-{name}" if name in PRESETS else name

    @classmethod
    def of(cls, preset: str, **changes: Any) -> TrainingConfig:
        """The preset's own recipe and network with `changes`, named as the fields here, in the recipe or in the design.

        None changes nothing.
        """
        recipe, own, rest = _sorted_out(preset, changes)
        return cls(preset=preset, recipe=recipe, **{"design": _design(preset, own), **rest})

    def to_json(self) -> dict[str, Any]:
        """A JSON-safe form, the recipe's and an own design's fields among the others; `of(**plain)` reads it back."""
        own = self.design
        design = {} if own is None else {name: _plain(getattr(own, name)) for name in DESIGN_FIELDS}
        inner = {"recipe", "design"}
        plain = {each.name: getattr(self, each.name) for each in fields(self) if each.name not in inner}
        return {**asdict(self.recipe), **design, **plain}

    @classmethod
    def from_json(cls, plain: Mapping[str, Any]) -> TrainingConfig:
        """The settings in a run's `config.json`, which holds more than they are. AedeskError for nonsense."""
        return cls.of(plain.get("preset", ""), **{name: plain[name] for name in SETTINGS if name in plain})

    def command(self, out: str) -> str:
        """The command line that repeats this run into `out`, with every setting that is not the preset's own."""
        usual = TrainingConfig.of(self.preset).to_json()
        if self.design is not None:
            start = {name: _plain(value) for name, value in asdict(usual_design(self.preset)).items()}
            usual |= {name: start[name] for name in DESIGN_FIELDS if name != "code"}
        words = ["aedesk", "train", "--preset", self.preset, *_option("data", self.data)]
        words += _option("seed", self.seed)
        for name, value in self.to_json().items():
            if name not in {"preset", "data", "seed"} and value != usual.get(name):
                words += _option(name, value)
        return shlex.join([*words, *_option("out", out)])


SETTINGS = (
    *(field.name for field in fields(TrainingConfig) if field.name not in {"preset", "recipe", "design"}),
    *RECIPE_FIELDS,
    *DESIGN_FIELDS,
)
"""The name of every setting but the preset."""


def without_effect(config: TrainingConfig) -> set[str]:
    """The settings that this run does not look at: of other kinds of autoencoder, and of other layers."""
    of_kind = {
        "denoising": {"noise", "noise_level"},
        "sparse": {"sparsity"},
        "contractive": {"contraction"},
        "variational": {"beta", "warm_up"},
    }
    others = {name for kind, names in of_kind.items() if kind != config.recipe.kind for name in names}
    if not any(isinstance(layer, Memory) for layer in config.architecture.encoder):
        others.add("teacher")
    if config.design is not None:
        others.add("filters" if config.design.layers == "dense" else "widths")
    return others


def problems(preset: str, changes: Mapping[str, Any]) -> dict[str, str]:
    """What makes no sense about `TrainingConfig.of(preset, **changes)`: the name of a field -> a sentence; else empty.

    Of a setting that does not go with another, the one that is easier to change is named.
    """
    try:
        recipe, own, rest = _sorted_out(preset, changes)
    except AedeskError as problem:
        return {"preset": str(problem)}
    found = dict(design_problems(own)) if own else {}
    design = None if found else _design(preset, own)
    unchecked = object.__new__(TrainingConfig)
    values = {**rest, "preset": preset, "recipe": recipe, "design": design}
    for field in fields(TrainingConfig):
        object.__setattr__(unchecked, field.name, values.get(field.name, field.default))
    for name, sentence in _problems(unchecked, together=not found):
        found.setdefault(name, sentence)
    return found


def usual_design(preset: str) -> Design:
    """The design that an own network starts from: the preset's own, or for one that has none, one much like it."""
    architecture = PRESETS[preset].architecture
    return Design.of(architecture) or Design(
        layers="conv", filters=(64, 128, 64), code=min(64, architecture.code_size)
    )


def _sorted_out(preset: str, changes: Mapping[str, Any]) -> tuple[Recipe, dict[str, Any], dict[str, Any]]:
    """The recipe, the values of all fields of an own design (empty for none), and the other settings; unchecked."""
    known = PRESETS.get(preset) if isinstance(preset, str) else None
    if known is None:
        raise AedeskError(f"There is no preset {preset!r}; choose one of: {', '.join(PRESETS)}.")
    rest = {name: value for name, value in changes.items() if value is not None}
    recipe = replace(known.recipe, **{name: rest.pop(name) for name in {*RECIPE_FIELDS} & rest.keys()})
    own = {name: _of_json(rest.pop(name)) for name in {*DESIGN_FIELDS} & rest.keys()}
    unknown = rest.keys() - {field.name for field in fields(TrainingConfig)}
    if unknown:
        raise TypeError(f"no such setting: {', '.join(sorted(unknown))}")
    return recipe, {**asdict(usual_design(preset)), **own} if own else {}, rest


def _design(preset: str, own: dict[str, Any]) -> Design | None:
    """The own network, unless it is the preset's."""
    design = Design(**own) if own else None
    return None if design == Design.of(PRESETS[preset].architecture) else design


_WITHIN: dict[str, tuple[str, float, float, bool, bool]] = {
    # field: (name for people, least, most, the least itself is refused, whole)
    "learning_rate": ("learning rate", 0, 100, True, False),
    "batch_size": ("batch size", 1, 65_536, False, True),
    "epochs": ("number of epochs", 1, 10_000, False, True),
    "output_bias": ("output bias", -20, 20, False, False),
    "sparsity": ("sparsity weight", 0, 1e6, False, False),
    "contraction": ("contraction weight", 0, 1e6, False, False),
    "beta": ("beta", 0, 1e6, False, False),
    "warm_up": ("number of warm-up epochs", 0, 10_000, False, True),
    "sketches": ("share of sketches", 0, 10, False, False),
    "warp": ("warp", 0, 1, False, False),
    "guidance": ("guidance", 0, 1e6, False, False),
    "filling": ("filling", 0, 1e6, False, False),
    "minutes": ("number of minutes", 0, 1e6, False, False),
    "patience": ("patience", 0, 10_000, False, True),
    "target": ("target loss", 0, 1e6, False, False),
    "seed": ("seed", 0, 2**63 - 1, False, True),
    "threads": ("number of threads", 0, 4096, False, True),
    "validation_fraction": ("validation share", 0, 0.5, True, False),
    "keep_mb": ("megabytes for kept epochs", 0, 1_000_000, False, True),
}


def change_problem(recipe: Recipe, name: str, value: float) -> str | None:
    """What is wrong with this value of a number that may be changed while a run goes on, in a sentence."""
    changed = recipe.changed(name, value)
    return next((sentence for at, sentence in _number_problems(changed, RECIPE_FIELDS) if at == name), None)


def _problems(config: TrainingConfig, *, together: bool = True) -> Iterator[tuple[str, str]]:
    """(field, sentence) for each thing that makes no sense: what each field says by itself, or if all of them do make
    sense and `together`, what does not go with what."""
    if not isinstance(config.preset, str) or config.preset not in PRESETS:
        yield "preset", f"There is no preset {config.preset!r}; choose one of: {', '.join(PRESETS)}."
        return
    recipe = config.recipe
    own = [field.name for field in fields(config)]
    alone = [*_number_problems(recipe, RECIPE_FIELDS), *_number_problems(config, own)]
    for name, choices in _CHOICES.items():
        value = getattr(recipe if name in RECIPE_FIELDS else config, name)
        if value not in choices:
            alone.append((name, f"The {name} {value!r} is not known; choose one of: {', '.join(choices)}."))
    if not isinstance(recipe.teacher, str):
        alone.append(("teacher", f"The teacher must be named by some text, not {recipe.teacher!r}."))
    for name in ("data", "device"):
        value = getattr(config, name)
        if not isinstance(value, str) or not value:
            alone.append((name, f"The {name} must be named by some text, not {value!r}."))
    yield from alone
    if together and not alone:
        yield from _together(config, recipe)


def _number_problems(holder: object, names: Any) -> Iterator[tuple[str, str]]:
    for name in names:
        if name in _WITHIN:
            sentence = _outside(getattr(holder, name), *_WITHIN[name])
            if sentence:
                yield name, sentence
    if isinstance(holder, Recipe):
        most = MOST.get(holder.noise, 5.0) if isinstance(holder.noise, str) else 5.0
        sentence = _outside(holder.noise_level, "noise level", 0, most, False, False)
        if sentence:
            yield "noise_level", sentence


def _together(config: TrainingConfig, recipe: Recipe) -> Iterator[tuple[str, str]]:
    """What does not go with something else."""
    try:
        architecture = config.architecture
    except (AedeskError, ValueError) as problem:
        yield "kind", f"{str(problem)[:1].upper()}{str(problem)[1:]}"
        return
    if sentence := mismatch(architecture, recipe):
        yield "loss", sentence
    if config.engine == "numpy" and not architecture.is_dense:
        what = config.preset if config.design is None else "this network"
        yield (
            "engine",
            f"The NumPy engine runs dense networks only, and {what} has convolutions; choose PyTorch (torch).",
        )
    elif config.engine == "numpy" and recipe.kind == "contractive":
        yield (
            "engine",
            "The contractive penalty needs the PyTorch engine; choose that one (torch), or another kind.",
        )
    elif config.engine == "numpy" and (recipe.warp or recipe.guidance or recipe.filling):
        yield (
            "engine",
            "Warped pictures and a guided or filled map need the PyTorch engine; choose that one (torch).",
        )
    for name in ("guidance", "filling"):
        if getattr(recipe, name) and architecture.code_size != 2:
            size = architecture.code_size
            yield name, f"The {name} is for a flat map, and this code has {size} numbers, not 2; set it to 0."
    if recipe.warm_up > recipe.epochs and recipe.kind == "variational":
        yield (
            "warm_up",
            f"The warm-up of {recipe.warm_up} epochs is longer than the run of {recipe.epochs}; make it shorter.",
        )


def _plain(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value


def _of_json(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value


def _option(name: str, value: object) -> list[str]:
    """An option of the command line; joined by `=` where the value would be taken for another option."""
    option = name.replace("_", "-")
    if isinstance(value, bool):
        return [f"--{option}" if value else f"--no-{option}"]
    text = ",".join(map(str, value)) if isinstance(value, list) else str(value)
    return [f"--{option}={text}"] if text.startswith("-") or not text else [f"--{option}", text]


def _outside(value: Any, name: str, low: float, high: float, open_below: bool, whole: bool) -> str | None:
    """The sentence for a value that is not within its bounds."""
    # Asked for by type: True is no number here, and NaN is within no bounds.
    is_number = type(value) is int or (isinstance(value, float) and not whole and math.isfinite(value))
    if is_number and low <= value <= high and not (open_below and value == low):
        return None
    most = f"{high:,.0f}" if high >= 1e5 and high < 1e9 else f"{high:g}" if not whole else f"{high}"
    bounds = f"above {low:g} and at most {most}" if open_below else f"between {low:g} and {most}"
    return f"The {name} must be {'a whole number ' if whole else ''}{bounds}, not {value!r}."
