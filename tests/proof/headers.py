"""hls4ml's nnet_utils, precompiled once a machine and backend: loading them takes 0.1 s, parsing them 2 s."""

import hashlib
import re
import subprocess
import tempfile
from pathlib import Path

from trigger_nn.frontend import graph as frontend

TEMPLATES = Path(frontend.hls4ml.__file__).parent / "templates"
FLAGS = (
    *("-O0", "-w", "-std=c++23", "-fno-exceptions", "-fno-asynchronous-unwind-tables", "-fno-unwind-tables"),
    *("--param", "ggc-min-heapsize=4000000", "--param", "ggc-min-expand=1000"),
)
# Both have the same include guard in hls4ml 1.3.0: whichever comes second is skipped.
TWINS = ("nnet_sepconv1d_latency.h", "nnet_sepconv2d_latency.h")


def precompiled(backend: str) -> Path:
    """The folder with `backend`'s nnet_utils and everything in them precompiled, made once a machine."""
    texts = _headers(backend)
    digest = hashlib.sha256(repr((sorted(texts.items()), FLAGS, _gxx())).encode()).hexdigest()[:16]
    folder = Path(tempfile.gettempdir()) / f"hls4ml_headers_{backend.lower()}_{digest}"
    if folder.exists():
        return folder
    draft = Path(tempfile.mkdtemp(prefix=folder.name))
    (draft / "nnet_utils").mkdir()
    for name, text in texts.items():
        (draft / name).write_text(text)
    command = ["g++", *FLAGS, "-x", "c++-header", "-I", str(draft), "-I", str(TEMPLATES / "vivado" / "ap_types")]
    subprocess.run([*command, str(draft / "all.h"), "-o", str(draft / "all.h.gch")], check=True)
    try:
        draft.rename(folder)
    except OSError:  # another process was faster
        return folder
    return folder


def _headers(backend: str) -> dict[str, str]:
    """All nnet_utils of a backend but what is generated per project, and `all.h`, which includes them."""
    folders = [TEMPLATES / "vivado" / "nnet_utils"]
    folders += [TEMPLATES / "vitis" / "nnet_utils"] if backend == "Vitis" else []
    texts = {path.name: path.read_text() for folder in folders for path in sorted(folder.glob("*.h"))}
    texts = {name: text for name, text in texts.items() if name not in ("nnet_code_gen.h", "nnet_garnet.h")}
    first, second = (f'#include "nnet_utils/{name}"' for name in TWINS)
    twins = guard(texts[TWINS[0]])
    lines = [f"#include <{name}>" for name in ("iostream", "array", "tuple", "cstdio", "cassert", "cstring", "vector")]
    lines += [f'#include "{name}"' for name in ("ap_fixed.h", "ap_int.h", "hls_stream.h")]
    lines += [first, f"#undef {twins}", second]
    lines += [f'#include "nnet_utils/{name}"' for name in sorted(texts) if name not in TWINS]
    return {f"nnet_utils/{name}": text for name, text in texts.items()} | {"all.h": "\n".join(lines) + "\n"}


def guard(text: str) -> str:
    """The macro that guards a header against a second inclusion."""
    found = re.search(r"^#ifndef (\w+)", text, re.MULTILINE)
    assert found, "a header of hls4ml has a guard"
    return found.group(1)


def _gxx() -> str:
    return subprocess.run(["g++", "--version"], capture_output=True, text=True, check=True).stdout
