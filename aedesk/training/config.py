"""The settings of a training run, checked when they are made. No torch in here."""

from __future__ import annotations

import shlex
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Literal, get_args

from aedesk.errors import AedeskError
from aedesk.models.architecture import Architecture
from aedesk.models.initialisation import Initialisation
from aedesk.models.presets import PRESETS, Loss, Optimiser, Recipe, Reduction, Schedule

EngineName = Literal["torch", "numpy"]
Precision = Literal["auto", "float32", "bfloat16"]

_CHOICES = {
    "loss": get_args(Loss),
    "optimiser": get_args(Optimiser),
    "initialisation": get_args(Initialisation),
    "reduction": get_args(Reduction),
    "schedule": get_args(Schedule),
    "engine": get_args(EngineName),
    "precision": get_args(Precision),
}


@dataclass(frozen=True)
class TrainingConfig:
    """What to train, on what, and how. A value that makes no sense raises AedeskError naming it.

    data: the name of a data set or the path of the user's own. device: auto, cpu, cuda or cuda:N.
    validation_fraction: share of the training images, in (0, 0.5], that is only ever validated on.
    threads: of the CPU; 0 leaves the choice to torch.
    The same configuration on the same device with the same threads and precision gives the same run.
    """

    preset: str
    recipe: Recipe
    data: str = "mnist"
    seed: int = 0
    validation_fraction: float = 0.05
    engine: EngineName = "torch"
    device: str = "auto"
    precision: Precision = "auto"
    threads: int = 0

    def __post_init__(self) -> None:
        if not isinstance(self.preset, str) or self.preset not in PRESETS:
            raise AedeskError(f"There is no preset {self.preset!r}; choose one of: {', '.join(PRESETS)}.")
        recipe = self.recipe
        _within("learning rate", recipe.learning_rate, 0, 100, open_below=True)
        _within("batch size", recipe.batch_size, 1, 65_536, whole=True)
        _within("number of epochs", recipe.epochs, 1, 10_000, whole=True)
        _within("output bias", recipe.output_bias, -20, 20)
        _within("seed", self.seed, 0, 2**63 - 1, whole=True)
        _within("number of threads", self.threads, 0, 4096, whole=True)
        _within("validation share", self.validation_fraction, 0, 0.5, open_below=True)
        for name, choices in _CHOICES.items():
            value = getattr(recipe if hasattr(recipe, name) else self, name)
            if value not in choices:
                raise AedeskError(f"The {name} {value!r} is not known; choose one of: {', '.join(choices)}.")
        for name in ("data", "device"):
            value = getattr(self, name)
            if not isinstance(value, str) or not value:
                raise AedeskError(f"The {name} must be named by some text, not {value!r}.")
        if self.engine == "numpy" and not self.architecture.is_dense:
            raise AedeskError(
                f"The NumPy engine runs dense networks only, and {self.preset} has convolutions; use --engine torch."
            )

    @property
    def architecture(self) -> Architecture:
        return PRESETS[self.preset].architecture

    @classmethod
    def of(cls, preset: str, **changes: Any) -> TrainingConfig:
        """The preset's own recipe with `changes`, named as the fields here or in the recipe; None changes nothing."""
        known = PRESETS.get(preset) if isinstance(preset, str) else None
        recipe_fields = {field.name for field in fields(Recipe)}
        changes = {name: value for name, value in changes.items() if value is not None}
        in_recipe = {name: changes.pop(name) for name in recipe_fields & changes.keys()}
        recipe = replace(known.recipe if known else Recipe(), **in_recipe)
        return cls(preset=preset, recipe=recipe, **changes)

    def to_json(self) -> dict[str, Any]:
        """A JSON-safe form, the recipe's fields among the others; `of(**plain)` reads it back."""
        plain = asdict(self)
        return {**plain.pop("recipe"), **plain}

    def command(self, out: str) -> str:
        """The command line that repeats this run into `out`, with every setting that is not the preset's own."""
        usual = TrainingConfig.of(self.preset).to_json()
        words = ["aedesk", "train", "--preset", self.preset, *_option("data", self.data)]
        words += _option("seed", self.seed)
        for name, value in self.to_json().items():
            if name not in {"preset", "data", "seed"} and value != usual[name]:
                words += _option(name, value)
        return shlex.join([*words, *_option("out", out)])


def _option(name: str, value: object) -> list[str]:
    """An option of the command line; joined by `=` where the value would be taken for another option."""
    option, text = f"--{name.replace('_', '-')}", str(value)
    return [f"{option}={text}"] if text.startswith("-") else [option, text]


def _within(
    name: str, value: float, low: float, high: float, *, open_below: bool = False, whole: bool = False
) -> None:
    # Asked for by type: True is no number here, and NaN is within no bounds.
    is_number = type(value) is int or (isinstance(value, float) and not whole)
    if not (is_number and low <= value <= high and not (open_below and value == low)):
        bounds = f"above {low} and at most {high}" if open_below else f"between {low} and {high}"
        kind = "a whole number " if whole else ""
        raise AedeskError(f"The {name} must be {kind}{bounds}, not {value!r}.")
