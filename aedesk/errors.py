"""Problems that a person can mend: told in one line, never as a traceback."""


class AedeskError(Exception):
    """An expected problem. Its text is one line: what is wrong, then what to do about it.

    The command line prints it on stderr and exits with 2; the window shows it as a dialog.
    """


class NoScreenError(AedeskError):
    """There is no screen to open a window on."""


class Cancelled(AedeskError):  # noqa: N818 - not an error to the user who wished it
    """Long work was ended at the user's wish; nothing is left half-written."""
