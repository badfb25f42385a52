"""Starts a Dask cluster in Slurm jobs and keeps it up until it is told to stop.

Needs `pip install dask-jobqueue cryptography` beside Dask.

python cluster.py --folder RUN --jobs 4 -- writes RUN/address once workers can connect, and RUN/ca.pem, cert.pem and
key.pem: the cluster speaks TLS, with certificates that live as long as it does. fit.sbatch shows the whole.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
from pathlib import Path

try:
    import cryptography  # noqa: F401  Security.temporary makes the certificates with it
    from dask_jobqueue import SLURMCluster
    from distributed.security import Security
except ImportError as missing:
    sys.exit(f'{missing}. Run: {sys.executable} -m pip install "dask[distributed]" msgpack dask-jobqueue cryptography')


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, required=True, help="a folder that all nodes see; made for you alone")
    parser.add_argument("--jobs", type=int, default=2, help="Slurm jobs, one worker each")
    parser.add_argument("--cores", type=int, default=8, help="cores of each job")
    parser.add_argument("--memory", default="32GB", help="memory of each job")
    parser.add_argument("--walltime", default="01:00:00")
    parser.add_argument("--queue", help="Slurm partition")
    parser.add_argument("--account")
    parser.add_argument("--interface", help="network interface of the nodes, such as ib0")
    parser.add_argument("--scratch", default="/tmp", help="a disk of the node itself, for spilled data")
    return parser.parse_args()


def write_private(path: Path, text: str) -> None:
    """A file that nobody else can read, whole from the first moment it has its name."""
    part = path.with_suffix(".part")
    with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
    part.rename(path)


def main() -> None:
    options = arguments()
    options.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    security = Security.temporary()
    cluster = SLURMCluster(
        cores=options.cores,
        processes=1,
        memory=options.memory,
        walltime=options.walltime,
        queue=options.queue,
        account=options.account,
        interface=options.interface,
        local_directory=options.scratch,
        log_directory=str(options.folder / "logs"),
        # A node binary is all that partwise needs on the nodes.
        job_script_prologue=["module load nodejs 2>/dev/null || true", "node --version"],
        protocol="tls",
        security=security,
        shared_temp_directory=str(options.folder),
    )
    stop = threading.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: stop.set())
    try:
        write_private(options.folder / "ca.pem", security.tls_ca_file)
        write_private(options.folder / "cert.pem", security.tls_client_cert)
        write_private(options.folder / "key.pem", security.tls_client_key)
        cluster.scale(jobs=options.jobs)
        write_private(options.folder / "address", cluster.scheduler_address)
        print(f"scheduler at {cluster.scheduler_address}, dashboard {cluster.dashboard_link}", flush=True)
        stop.wait()
    finally:
        cluster.close()


if __name__ == "__main__":
    main()
