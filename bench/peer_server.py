"""The peer's side of a benchmark: a server of works that speaks JSON lines on stdin and stdout.

A work is an object with setup(data), run() -> result, and values(result) -> {name: number or list of numbers}. Only
run() is timed; values() says what was computed, so that the harness can compare it with ours before it counts the time.
`data` is { "directory": ..., plus the recipe's meta.json }.
"""

import gc
import importlib.metadata
import json
import os
import platform
import resource
import sys
import time
import traceback


def reset_peak():
    """Resets the kernel's high-water mark of resident memory, where that is permitted; else the peak is the process's."""
    try:
        with open("/proc/self/clear_refs", "w") as f:
            f.write("5")
    except OSError:
        pass


def peak_mb():
    try:
        with open("/proc/self/status") as f:
            for line in f:
                if line.startswith("VmHWM:"):
                    return int(line.split()[1]) / 1024
    except OSError:
        pass
    unit = 1024 * 1024 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


def plain(value):
    return value.tolist() if hasattr(value, "tolist") else value


def serve(works, packages):
    """Answers requests until stdin closes. Standard output is the protocol's alone: prints of libraries go to stderr."""
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    versions = {"python": platform.python_version(), **{p: importlib.metadata.version(p) for p in packages}}
    work = None
    for line in sys.stdin:
        request = json.loads(line)
        answer = {"id": request["id"]}
        try:
            if request["op"] == "setup":
                work = works[request["work"]]()
                work.setup(request["data"])
                answer["versions"] = versions
            elif request["op"] == "run":
                gc.collect()
                reset_peak()
                start = time.perf_counter()
                result = work.run()
                answer["ms"] = (time.perf_counter() - start) * 1000
                answer["peakMb"] = peak_mb()
                answer["values"] = {k: plain(v) for k, v in work.values(result).items()}
                del result
            else:
                raise ValueError(f"unknown op {request['op']!r}")
            # NaN is no JSON: a result that is not finite is an error, not an answer.
            text = json.dumps(answer, allow_nan=False)
        except Exception:
            text = json.dumps({"id": request["id"], "error": traceback.format_exc()})
        answers.write(text + "\n")
