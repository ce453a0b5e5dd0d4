"""`python -m aedesk` is `aedesk`."""

import sys

from aedesk.cli import main

sys.exit(main())
