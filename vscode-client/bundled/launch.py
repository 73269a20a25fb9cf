"""Starts the server from the folder `libs` beside this file; the extension runs it with `python -I`."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "libs"))

if __name__ == "__main__":  # worker processes import this module again and need the path alone
    from codeintel.entry import server

    sys.exit(server())
