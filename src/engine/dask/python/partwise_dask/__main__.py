"""``python -m partwise_dask``: the gateway, once it is known that what it needs is there."""

from __future__ import annotations

import json
import sys

from .requirements import problem


def main() -> None:
    """The command line's entry."""
    missing = problem()
    if missing is not None:
        print(json.dumps({"problem": missing}), flush=True)
        sys.exit(2)
    from .gateway import main as serve

    serve()


if __name__ == "__main__":
    main()
