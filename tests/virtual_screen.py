"""A virtual screen for one process of the tests: two windows on one screen take the focus from each other."""

from __future__ import annotations

import shutil
import subprocess


def is_possible() -> bool:
    """Whether this machine can make virtual screens."""
    return shutil.which("Xvfb") is not None and shutil.which("sh") is not None


class VirtualScreen:
    """An X server that no other process uses; it ends with `close`, or with this process however that ends.

    Raises OSError where it does not start.
    """

    def __init__(self) -> None:
        server = "Xvfb -displayfd 1 -screen 0 1920x1200x24 -dpi 96 -nolisten tcp -noreset"
        # The shell waits at a pipe from this process, which comes to its end with the process, after a kill as well.
        self._shell = subprocess.Popen(
            ["sh", "-c", f"{server} </dev/null & exec >&-; read -r _; kill $!; wait $!"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            start_new_session=True,  # Ctrl+C is for the tests alone
        )
        assert self._shell.stdout is not None
        number = self._shell.stdout.readline().strip()  # nothing where the server has ended
        if not number:
            self.close()
            raise OSError("Xvfb did not start")
        self.display = f":{number}"

    def close(self) -> None:
        """End the server; what still shows windows or holds a clipboard there ends with it."""
        self._shell.communicate()
