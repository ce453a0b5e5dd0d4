"""What the training form asks for: names, sentences for a student, choices. Values come from the presets."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from aedesk.gui.fields import NO, YES, number, whole_number, whole_numbers
from aedesk.gui.network.columns import ACTIVATIONS

_CURVES = {label[:1].upper() + label[1:]: name for name, label in ACTIVATIONS.items()}
AUTOMATIC = {"Automatic": "auto"}


@dataclass(frozen=True)
class Setting:
    """name: the field of TrainingConfig, Recipe or Design. parse: from what was typed, where it is not a choice.

    says: label of a choice -> what it does. is_blank: 0 is no bound, and shown as an empty field. is_wide: as wide as
    the form.
    """

    name: str
    label: str
    sentence: str
    choices: Mapping[str, str] | None = None
    parse: Callable[[str, str], object] | None = None
    says: Mapping[str, str] = field(default_factory=dict)
    is_switch: bool = False
    is_blank: bool = False
    is_wide: bool = False

    @property
    def explanation(self) -> str:
        """What the setting does, and each of its choices."""
        return "\n".join([self.sentence, *(f"{label}: {does}" for label, does in self.says.items())])

    def show(self, value: Any) -> str:
        """A value as the field shows it; `read` gives the same value back."""
        if self.is_switch:
            return YES if value else NO
        if self.is_blank and value == 0:
            return ""
        if isinstance(value, tuple | list):
            return ", ".join(map(str, value))
        if isinstance(value, float):
            return f"{value:g}" if float(f"{value:g}") == value else repr(value)
        return str(value)

    def read(self, text: str) -> object:
        """The value that a field's text stands for. Raises AedeskError naming the field."""
        if self.is_switch:
            return text == YES
        if self.is_blank and not text.strip():
            return 0
        return text if self.parse is None else self.parse(self.label, text)


NETWORK = (
    Setting(
        "layers",
        "Layers",
        "What the network is made of.",
        {"Dense": "dense", "Convolutional": "conv"},
        says={
            "Dense": "every number of a layer looks at all of the one before",
            "Convolutional": "small filters slide over the picture, and pooling halves it after each",
        },
    ),
    Setting(
        "code",
        "Code size",
        "How many numbers a picture is squeezed into, 1 to 256: 2 can be drawn as a map, more rebuild better.",
        parse=whole_number,
    ),
    Setting(
        "widths",
        "Widths",
        "The sizes of the hidden layers from the picture to the code, such as 128, 64; the decoder has them the"
        " other way round. Empty: the code is the only hidden layer.",
        parse=whole_numbers,
        is_wide=True,
    ),
    Setting(
        "filters",
        "Filters",
        "How many maps each 3x3 convolution makes, such as 32, 64; each is followed by pooling, which halves the"
        " picture. The decoder has them the other way round.",
        parse=whole_numbers,
        is_wide=True,
    ),
    Setting(
        "activation",
        "Activation",
        "What bends each hidden layer's sums: without a bend, any number of layers does no more than one.",
        _CURVES,
        says={
            "ReLU": "cuts off below 0; fast, the usual one",
            "Leaky ReLU, ELU, GELU, SiLU": "like ReLU, and let a little through below 0",
            "Tanh, sigmoid": "squash into -1 to 1, and into 0 to 1",
            "Linear": "no bend: what PCA can do",
        },
    ),
    Setting(
        "code_activation",
        "Code activation",
        "What bends the code itself: linear leaves it free, ReLU keeps it from going below 0, tanh within -1 to 1."
        " A variational code is always linear.",
        _CURVES,
    ),
    Setting(
        "dropout",
        "Dropout",
        "The share of each hidden layer's numbers, up to 0.9, that is left out at random in each training step, so that"
        " none is relied on alone; 0 for none.",
        parse=number,
    ),
    Setting(
        "output",
        "Output",
        "How the last layer becomes a picture.",
        {"Sigmoid": "sigmoid", "Linear": "linear"},
        says={
            "Sigmoid": "squashes every pixel into 0 to 1",
            "Linear": "takes it as it is, cut off at 0 and 1",
        },
    ),
    Setting(
        "batch_norm",
        "Batch norm",
        "Brings each hidden layer's numbers to mean 0 and spread 1 within a batch: often learns faster.",
        is_switch=True,
    ),
    Setting(
        "tied",
        "Tied weights",
        "The decoder uses the encoder's weights, transposed: half as many to learn. Dense layers only.",
        is_switch=True,
    ),
)
KIND = (
    Setting(
        "kind",
        "Kind of autoencoder",
        "What the network is asked for beside rebuilding the picture.",
        {
            "Plain": "plain",
            "Denoising": "denoising",
            "Sparse": "sparse",
            "Contractive": "contractive",
            "Variational": "variational",
        },
        is_wide=True,
    ),
)
KIND_FIELDS = (
    Setting(
        "noise",
        "Noise",
        "How pictures are spoilt before the network sees them.",
        {
            "Gaussian": "gaussian",
            "Salt and pepper": "salt-pepper",
            "Masking": "masking",
            "Speckle": "speckle",
            "Blur": "blur",
            "Block": "occlusion",
            "Missing strokes": "strokes",
            "All of them, mixed": "mixed",
        },
        says={
            "Gaussian": "every pixel is shifted a little",
            "Salt and pepper": "some pixels are made blank, some full",
            "Masking": "some pixels are made blank",
            "Speckle": "the ink is made uneven",
            "Blur": "the ink runs",
            "Block": "a square of the digit is hidden",
            "Missing strokes": "parts of the digit are rubbed out",
            "All of them, mixed": "each picture meets another of these, weakly or strongly",
        },
    ),
    Setting(
        "noise_level",
        "Noise level",
        "How strong the noise is: the spread of the shifts, the share of pixels or ink spoilt, up to 1 for the rest.",
        parse=number,
    ),
    Setting(
        "sparsity",
        "Sparsity weight",
        "What the mean size of the code's numbers costs, beside the reconstruction error: more leaves fewer in use.",
        parse=number,
    ),
    Setting(
        "contraction",
        "Contraction weight",
        "What the code's squared slope costs, beside the reconstruction error: more makes the code steadier.",
        parse=number,
    ),
    Setting(
        "beta",
        "Beta",
        "What it costs that codes are not spread like a normal distribution: more gives a smoother map and blurrier"
        " pictures, too much all the same one; 1 is the textbook's, for cross-entropy.",
        parse=number,
    ),
    Setting(
        "warm_up",
        "Warm-up, epochs",
        "Over how many epochs beta rises from 0: the network first learns to rebuild; 0 for all of it at once.",
        parse=whole_number,
    ),
)
FIELDS_OF_KIND = {
    "plain": (),
    "denoising": ("noise", "noise_level"),
    "sparse": ("sparsity",),
    "contractive": ("contraction",),
    "variational": ("beta", "warm_up"),
}
ABOUT_KIND = {
    "plain": "Rebuilds the picture that it gets; only the narrow code keeps it from simply copying.",
    "denoising": "Gets a noisy picture and has to rebuild the clean one, so it learns what belongs to a picture.",
    "sparse": "Pays for every number of the code that is not near 0, so a few of them must tell each picture.",
    "contractive": "Pays where the code changes fast, so pictures that differ a little get nearly the same code.",
    "variational": "Gives each picture a cloud of codes, all clouds together one round heap: new pictures can be drawn"
    " from it at random.",
}
RECIPE = (
    Setting("epochs", "Epochs", "How many times training goes through all the images.", parse=whole_number),
    Setting(
        "batch_size",
        "Batch size",
        "How many images each step learns from: more are faster and smoother, fewer step more often.",
        parse=whole_number,
    ),
    Setting(
        "learning_rate",
        "Learning rate",
        "How far each step goes: too small learns slowly, too large overshoots and never settles.",
        parse=number,
    ),
    Setting(
        "schedule",
        "Rate schedule",
        "Whether the learning rate stays as it is; small last steps settle better.",
        {
            "Constant": "constant",
            "Cooldown": "cooldown",
            "Cosine": "cosine",
            "One-cycle": "one-cycle",
            "On plateau": "plateau",
        },
        says={
            "Cooldown": "falls to 0 over the last tenth of the run",
            "Cosine": "falls to 0 all along, like half a wave",
            "One-cycle": "rises over the first three tenths, then falls",
            "On plateau": "halves after three epochs without a better validation loss",
        },
    ),
    Setting(
        "optimiser",
        "Optimiser",
        "How a step is taken: Adam adapts it for each weight, SGD goes straight down the slope.",
        {"Adam": "adam", "SGD": "sgd"},
    ),
    Setting(
        "loss",
        "Loss",
        "What training makes small, on the mean of all pixels.",
        {"MSE": "mse", "BCE": "bce", "MAE": "mae"},
        says={
            "MSE": "the squared error; large errors count most",
            "BCE": "cross-entropy, each pixel as a coin to be guessed; needs a sigmoid output",
            "MAE": "the absolute error; a few large ones are forgiven",
        },
    ),
    Setting(
        "engine",
        "Engine",
        "What computes: PyTorch, or this program's own NumPy code, written by hand, for dense networks only.",
        {"PyTorch": "torch", "NumPy, from scratch": "numpy"},
        is_wide=True,
    ),
    Setting(
        "device",
        "Device",
        "Where it computes: Automatic takes a GPU if there is one.",
        AUTOMATIC,
        is_wide=True,
    ),
)
LESSONS = (
    Setting(
        "sketches",
        "Sketches",
        "How many drawings of training images are learnt from as well, as a share of them: they make it know a pen.",
        parse=number,
    ),
    Setting(
        "warp",
        "Moved and slanted",
        "How much each picture is moved, turned and slanted at random (0.05: a little), as if there were more of them.",
        parse=number,
    ),
    Setting(
        "guidance",
        "Pull to a t-SNE map",
        "How much a code of two numbers is drawn to its image's place on a t-SNE map, which parts the classes without"
        " knowing them; 0 lets it go where it likes.",
        parse=number,
    ),
    Setting(
        "filling",
        "Fill the gaps",
        "How much places between the islands of a flat map have to show the nearest digit; 0 leaves them to chance.",
        parse=number,
    ),
)
STOPS = (
    Setting(
        "minutes",
        "Minutes, at most",
        "The run ends after so many minutes of work; empty for no such bound.",
        parse=number,
        is_blank=True,
    ),
    Setting(
        "patience",
        "No improvement for",
        "The run ends after so many epochs without a better validation loss; empty for no such bound.",
        parse=whole_number,
        is_blank=True,
    ),
    Setting(
        "target",
        "Target loss",
        "The run ends at this validation loss or a better one; empty for no such bound.",
        parse=number,
        is_blank=True,
    ),
)
ADVANCED = (
    Setting(
        "validation_fraction",
        "Validation share",
        "The part of the training images, up to 0.5, that is held out to see how the model does on new ones.",
        parse=number,
    ),
    Setting(
        "seed",
        "Seed",
        "Where the random numbers start: the same seed on the same device gives the same run.",
        parse=whole_number,
    ),
    Setting(
        "precision",
        "Precision",
        "How exactly numbers are held: bfloat16 and, on newer NVIDIA GPUs, TF32 are faster; Automatic knows where.",
        {"Automatic": "auto", "float32": "float32", "TF32": "tf32", "bfloat16": "bfloat16"},
    ),
    Setting(
        "keep_mb",
        "Keep epochs, MB",
        "How much of the disk the run's epochs may take, at most, to go back to; of a long run every second, every"
        " fourth and so on is then kept.",
        parse=whole_number,
    ),
)
SETTINGS = {
    setting.name: setting for setting in (*NETWORK, *KIND, *KIND_FIELDS, *RECIPE, *LESSONS, *STOPS, *ADVANCED)
}
OF_NETWORK = tuple(setting.name for setting in NETWORK)
OF_PRESET = (*OF_NETWORK, *(setting.name for setting in (*KIND, *KIND_FIELDS, *RECIPE, *LESSONS)))
"""What another preset changes, but for `engine` and `device`."""

ON_TORCH_ONLY = ("device", "precision")
UNSEEN = ("initialisation", "teacher", "reduction", "output_bias", "threads")
"""Settings that the form does not ask for; a run that is branched may have its own."""
