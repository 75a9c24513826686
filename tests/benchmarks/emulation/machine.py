"""On which machine and with which versions was measured."""

import os
import platform
import shutil
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from tests.benchmarks.emulation.work import blas
from trigger_nn.engines.native.machine import runnable

PACKAGES = ("trigger_nn", "numpy", "llvmlite", "numba", "hls4ml", "alkaid", "tensorflow", "tf_keras", "qkeras")
FLAGS = (
    "avx2", "fma", "avx_vnni", "avx512f", "avx512bw", "avx512vl", "avx512dq", "avx512_vnni", "avx512_vbmi",
    "avx512_bf16", "avx512_fp16", "amx_tile", "amx_int8", "amx_bf16", "asimd", "asimddp", "sve",
)  # fmt: skip


def facts() -> dict[str, object]:
    """JSON-able facts: processor, its flags that matter here, cores, memory, versions."""
    info = _cpu_info()
    flags = (info.get("flags") or info.get("Features") or "").split()
    return {
        "cpu": info.get("model name", platform.processor() or platform.machine()),
        "family, model, stepping": [info.get(key, "?") for key in ("cpu family", "model", "stepping")],
        "flags": [flag for flag in FLAGS if flag in flags],
        "target": runnable()[0].name,
        "cores": len(os.sched_getaffinity(0)),
        "load before": round(os.getloadavg()[0], 2),
        "memory": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        "system": f"{platform.system()} {platform.release().split('-')[0]}, {' '.join(platform.libc_ver())}",
        "python": platform.python_version(),
        "blas": blas(),
        "g++": _gxx(),
        "versions": {name: _version(name) for name in PACKAGES},
    }


def _cpu_info() -> dict[str, str]:
    path = Path("/proc/cpuinfo")
    lines = path.read_text().split("\n\n")[0].splitlines() if path.exists() else []
    return {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in lines)}


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def _gxx() -> str:
    if not shutil.which("g++"):
        return "not installed"
    done = subprocess.run(["g++", "-dumpfullversion"], capture_output=True, text=True, check=False)
    return done.stdout.strip()
