"""The peers of the model-selection suite."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import metrics_peer
import search_peer
from peer_server import serve

WORKS = {**metrics_peer.WORKS, **search_peer.WORKS}

if __name__ == "__main__":
    serve(WORKS, ["scikit-learn", "numpy", "scipy", "pandas", "dask", "dask-ml"])
