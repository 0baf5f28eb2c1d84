"""Play delivery through in the small, and find out the bugs that others had.

`python -m simulate [nightly]`

Without a word the quantities of a check; `nightly` closes the exhaustive search and draws millions. Ends with 1 when
the design breaks a law, when model and production differ, or when a bug is not found.
"""

from __future__ import annotations

import sys

from simulate.run import CHECK, NIGHTLY, play

if __name__ == "__main__":
    sys.exit(not play(NIGHTLY if "nightly" in sys.argv[1:] else CHECK))
