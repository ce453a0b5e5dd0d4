"""The time machine's row: back to any epoch that is kept, play them, branch from one, use one."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence

import ttkbootstrap as ttk

from aedesk.gui.fields import explain
from aedesk.gui.fitting_label import FittingLabel
from aedesk.gui.panels.buttons import allow
from aedesk.gui.panels.ticker import Ticker
from aedesk.gui.theme import GAP, Look
from aedesk.gui.timers import Timers
from aedesk.gui.train.epoch_track import EpochTrack

_PACE = 125  # ms from epoch to epoch while they are played
_PATIENCE = 1000  # ms until an epoch that was asked for and never came is given up
_INVITATION = "After an epoch you can go back in time here."


class EpochSlider(ttk.Frame):
    """`show` says which epoch is on show; what the user wants goes to the callbacks.

    on_epoch gets the epoch to be shown, None for the newest one from now on; on_branch and on_use the one on show.
    Keys on the track: the arrows and Page Up, Page Down, Home and End go to other epochs, Space plays them.
    """

    def __init__(
        self,
        master: tk.Misc,
        look: Look,
        *,
        on_epoch: Callable[[int | None], object],
        on_branch: Callable[[int], object],
        on_use: Callable[[int], object],
    ) -> None:
        super().__init__(master)
        self._on_epoch, self._on_branch, self._on_use = on_epoch, on_branch, on_use
        self._kept: tuple[int, ...] = ()
        self._last = self._planned = 0
        self._shown: int | None = None
        self._can_branch = True
        self._wish: int | None = None  # asked for, and not yet on show
        self._following = tk.BooleanVar(self, True)
        self._timers = Timers(self)
        self._ticker = Ticker(self, _PACE, self._play_on)
        self.columnconfigure(1, weight=1)
        self._build_track(look)
        self._build_words()
        self._refresh()

    def _build_track(self, look: Look) -> None:
        self.play = ttk.Button(
            self, icon="play-fill", bootstyle="ghost", padding=5, command=self.toggle_playing
        )
        self.play.grid(row=0, column=0, padx=(0, GAP // 2))
        self.track = EpochTrack(self, look, self._on_moved)
        self.track.grid(row=0, column=1, sticky="ew")
        self.track.bind("<space>", lambda _: self.toggle_playing())
        self.live = ttk.Radiobutton(
            self,
            text="Live",
            variable=self._following,
            value=True,
            command=self.follow,
            bootstyle="primary ghost toolbutton",
            padding=(8, 3),
        )
        self.live.grid(row=0, column=2, padx=(GAP // 2, 0))
        explain(self.play, "Play the kept epochs one after another, or stop (Space).")
        explain(self.track, "Back through the run: curves, map, digits and your sketch as they were then.")
        explain(self.live, "Follow the run: always show the newest epoch.")

    def _build_words(self) -> None:
        row = ttk.Frame(self)
        row.grid(row=1, column=0, columnspan=3, sticky="ew", pady=(2, 0))
        self._words = ttk.Label(row, style="Heading.TLabel")
        self._words.pack(side="left", padx=(GAP // 2, GAP))
        self.use_button = ttk.Button(
            row,
            text="Use this epoch",
            icon="arrow-right-circle",
            bootstyle="neutral",
            padding=(6, 4),
            command=lambda: self._hand_over(self._on_use),
        )
        self.use_button.pack(side="right")
        self.branch_button = ttk.Button(
            row,
            text="Branch here",
            icon="diagram-2",
            bootstyle="neutral",
            padding=(6, 4),
            command=lambda: self._hand_over(self._on_branch),
        )
        self.branch_button.pack(side="right", padx=(GAP, GAP))
        self._disk = FittingLabel(row, keep_end=False)
        self._disk.pack(side="left", fill="x", expand=True)
        explain(self.use_button, "Draw on the model as it was then, and walk its map, in Explore.")
        explain(self.branch_button, "Start a new run from this epoch, with the settings of the form.")

    # --- what is shown ---

    @property
    def epoch(self) -> int | None:
        """The epoch on show, or on its way there."""
        return self._shown if self._wish is None else self._wish

    @property
    def is_following(self) -> bool:
        """Whether the newest epoch is shown, whichever that is."""
        return bool(self._following.get())

    @property
    def is_playing(self) -> bool:
        return self._ticker.is_running

    @property
    def words(self) -> str:
        """What is said about the epoch."""
        return str(self._words.cget("text"))

    @property
    def disk_words(self) -> str:
        """What is said about the disk."""
        return self._disk.words

    def set_epochs(self, kept: Sequence[int], last: int, planned: int) -> None:
        """kept: the epochs one can go to, ascending; last: the newest trained one; planned: how many are to be."""
        self._kept, self._last, self._planned = tuple(kept), last, planned
        self.track.set_epochs(kept, last, planned)
        if not kept:
            self.stop_playing()
            self._forget_wish()
        self._refresh()

    def show(self, epoch: int | None, following: bool) -> None:
        """This epoch is on show now, because it is the newest if `following`; None while there is none."""
        self._shown = epoch
        if following or epoch is None or epoch == self._wish:
            self._forget_wish()
        if following:
            self.stop_playing()
        self._following.set(following)
        self._refresh()

    def allow_branch(self, on: bool) -> None:
        """Whether another run may begin now."""
        self._can_branch = on
        self._refresh()

    def set_disk(self, bytes_used: int, budget_bytes: int, kept: int, total: int) -> None:
        """How much of the disk the kept epochs take, and how many of all there are."""
        used, budget = _sizes(bytes_used, budget_bytes)
        self._disk.set(f"{kept:,} of {total:,} epochs kept, {used} of {budget}")

    # --- the user's hands ---

    def follow(self) -> None:
        """Show the newest epoch from now on."""
        self.stop_playing()
        self._forget_wish()
        self._following.set(True)
        self._on_epoch(None)

    def toggle_playing(self) -> str:
        """Play from the epoch on show, or from the first if that is the last; or stop."""
        if self.is_playing:
            self.stop_playing()
        elif len(self._kept) > 1:
            if self.epoch is None or self.epoch >= self._kept[-1]:
                self._ask(self._kept[0])
            self._ticker.start()
            self.play.configure(icon="stop-fill")
        return "break"

    def stop_playing(self) -> None:
        """Stay at the epoch on show."""
        if self.is_playing:
            self._ticker.stop()
            self.play.configure(icon="play-fill")

    def _on_moved(self, epoch: int) -> None:
        self.stop_playing()
        if epoch != self.epoch or self.is_following:
            self._ask(epoch)

    def _ask(self, epoch: int) -> None:
        """Ask for an epoch; the knob is there at once, not only when its pictures have come."""
        self._wish = epoch
        self._following.set(False)
        self._timers.later("wish", _PATIENCE, self._give_up)
        self._refresh()
        self._on_epoch(epoch)

    def _play_on(self) -> None:
        if self._wish is not None:
            return  # the one before is still to come
        after = [epoch for epoch in self._kept if self._shown is None or epoch > self._shown]
        if after:
            self._ask(after[0])
        if len(after) < 2:
            self.stop_playing()

    def _forget_wish(self) -> None:
        self._wish = None
        self._timers.cancel("wish")

    def _give_up(self) -> None:
        self._wish = None
        self.stop_playing()
        self._refresh()

    def _hand_over(self, act: Callable[[int], object]) -> None:
        if self._shown is not None:
            act(self._shown)

    def _refresh(self) -> None:
        epoch = self.epoch
        self.track.show(epoch)
        allow(self.play, len(self._kept) > 1)
        self.live.state(["!disabled" if self._kept else "disabled"])
        settled = self._wish is None and self._shown in self._kept
        allow(self.use_button, settled)
        allow(self.branch_button, settled and self._can_branch)
        self._words.configure(text=self._sentence(epoch))
        if not self._kept:
            self._disk.set(_INVITATION)

    def _sentence(self, epoch: int | None) -> str:
        if epoch is None:
            return ""
        return f"Epoch {epoch:,} of {max(self._planned, self._last):,}" if epoch else "Before training"


def _sizes(used: int, budget: int) -> tuple[str, str]:
    """`78` and `256 MB`; in the budget's unit, with a decimal where there is no whole unit of them."""
    unit, size = ("GB", 1e9) if budget >= 1e9 else ("MB", 1e6)
    numbers = [
        f"{count / size:,.1f}" if count < 9.95 * size else f"{count / size:,.0f}" for count in (used, budget)
    ]
    return numbers[0], f"{numbers[1].removesuffix('.0')} {unit}"
