"""LLVM as a library: what this processor can run; text of a module in, addresses of its functions out.

The one importer of llvmlite.
"""

import ctypes
import platform
import sys
from collections.abc import Mapping
from functools import cache

import llvmlite.binding as llvm

from trigger_nn.engines.native.target import TARGETS, Target
from trigger_nn.errors import TriggerNNError

_ARCH_PRCTL, _ASK_FOR_STATE, _TILE_DATA = 158, 0x1023, 18  # Linux's x86-64 system call, and what to ask it for


@cache
def _ready() -> None:
    llvm.initialize_all_targets()
    llvm.initialize_all_asmprinters()


@cache
def host_features() -> Mapping[str, bool]:
    """What this processor has, by LLVM's names; empty where LLVM can't tell."""
    try:
        return dict(llvm.get_host_cpu_features())
    except RuntimeError:
        return {}


def host_is_x86() -> bool:
    """Whether this is a 64-bit x86 processor."""
    return platform.machine().lower() in ("x86_64", "amd64")


@cache
def allow_tiles() -> bool:
    """Ask Linux for the tile registers of AMX, which a process must do once; whether it may use them."""
    if sys.platform != "linux" or not host_is_x86():
        return False
    call = ctypes.CDLL(None, use_errno=True).syscall
    return bool(call(_ARCH_PRCTL, _ASK_FOR_STATE, _TILE_DATA) == 0)


# What a processor must say it has (as LLVM names it) for a target to run on it; the best comes first.
_NEEDS = {
    "amx": ("avx512f", "avx512bw", "avx512dq", "avx512vl", "avx512vnni", "amx-tile", "amx-int8"),
    "avx512-vnni": ("avx512f", "avx512bw", "avx512dq", "avx512vl", "avx512vnni"),
    "avx512": ("avx512f", "avx512bw", "avx512dq", "avx512vl"),
    "avx-vnni": ("avx2", "fma", "avxvnni"),
    "avx2": ("avx2", "fma"),
    "x86-64": (),
}


@cache
def runnable() -> tuple[Target, ...]:
    """Targets that this processor can run, the fastest first."""
    if not host_is_x86():
        return (TARGETS["aarch64"],)
    found = host_features()
    able = [TARGETS[name] for name, needs in _NEEDS.items() if all(found.get(need) for need in needs)]
    return tuple(target for target in able if not target.tiles or allow_tiles())


def target_named(name: str) -> Target:
    """The target of that name, if this processor can run it.

    Raises:
        TriggerNNError: there is none, or this processor lacks its instructions.
    """
    able = {target.name: target for target in runnable()}
    if name not in able:
        why = "this processor lacks its instructions" if name in TARGETS else "there is no such target"
        raise TriggerNNError(f"Code for {name!r} can't be run: {why}; choose one of {', '.join(able)}.")
    return able[name]


class Code:
    """Machine code in memory, made of LLVM's text for one target; lives as long as this value."""

    def __init__(self, text: str, target: Target, exports: tuple[str, ...], level: int = 2) -> None:
        """Verify, optimize and compile; `exports` are the functions that can be called."""
        if target.tiles:
            allow_tiles()
        module, machine = _optimized(text, target, level)
        # Linked by JITLink, which puts all sections in one place: LLVM's older linker (MCJIT) may put them more than
        # 2 GB apart in a large process, and then aborts it.
        library = llvm.JITLibraryBuilder().add_current_process().add_object_img(machine.emit_object(module))
        for name in exports:
            library.export_symbol(name)
        self._linker = llvm.create_lljit_compiler(machine, use_jit_link=True)
        self._library = library.link(self._linker, "code")

    def address(self, name: str) -> int:
        """Where function `name` starts."""
        return int(self._library[name])


def assembly(text: str, target: Target, level: int = 2) -> str:
    """The target's assembly, whatever the processor this runs on."""
    module, machine = _optimized(text, target, level)
    return str(machine.emit_assembly(module))


def _optimized(text: str, target: Target, level: int) -> tuple[llvm.ModuleRef, llvm.TargetMachine]:
    _ready()
    machine = llvm.Target.from_triple(target.triple).create_target_machine(
        cpu=target.cpu, features=target.features, opt=level, reloc="pic", codemodel="default", jit=True
    )
    module = llvm.parse_assembly(text)
    module.triple, module.data_layout = target.triple, str(machine.target_data)
    module.verify()
    builder = llvm.create_pass_builder(machine, llvm.create_pipeline_tuning_options(speed_level=level))
    passes = llvm.create_new_function_pass_manager()
    passes.add_simplify_cfg_pass()
    for function in module.functions:
        if not function.is_declaration:
            passes.run(function, builder)
    return module, machine
