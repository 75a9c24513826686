"""What `trigger-nn show` prints of a program: tables, or the same as JSON."""

from typing import TYPE_CHECKING, Any

from rich.table import Table

from trigger_nn.terminal import console

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trigger_nn.engines.native.explain import Choice
    from trigger_nn.engines.native.target import Target
    from trigger_nn.program.operations import Constant, Operation
    from trigger_nn.program.program import Port, Program


def as_plain(program: "Program") -> dict[str, Any]:
    """Ports, operations with their proven ranges (numbers), and where the program came from."""
    from trigger_nn.passes.ranges import prove_ranges

    ranges = prove_ranges(program)
    operations = [_operation(op) | {"range": _numbers(op, ranges[op.name].bounds)} for op in program.operations]
    return {
        "name": program.name, "digest": program.digest, "inputs": [_port(port) for port in program.inputs],
        "operations": operations, "outputs": [_port(port) for port in program.outputs],
        "provenance": program.provenance,
    }  # fmt: skip


def print_program(program: "Program") -> None:
    """Ports, a row for each operation, what is inexact, and the versions it was made with."""
    plain = as_plain(program)
    console.print(f"{plain['name']}  digest {plain['digest']}")
    for port in program.inputs:
        console.print(f"in   {port.name}  {port.shape}  {port.type}")
    table = Table("layer", "operation", "reads", "shape", "type", "proven range", "accumulator", "constants", box=None)
    for op, row in zip(program.operations, plain["operations"], strict=True):
        low, high = row["range"]
        table.add_row(
            op.name, row["operation"], ", ".join(op.inputs), str(op.shape), str(op.type), f"{low:g} .. {high:g}",
            row["accumulator"] or "", "; ".join(f"{c['name']} {c['size']} {c['type']}" for c in row["constants"]),
        )  # fmt: skip
    console.print(table)
    for port in program.outputs:
        console.print(f"out  {port.name}  {port.shape}  {port.type}")
    for loss in program.provenance.get("losses", []):
        console.print(f"inexact: {loss}")
    console.print(", ".join(f"{name} {version}" for name, version in program.provenance.get("versions", {}).items()))


def _port(port: "Port") -> dict[str, Any]:
    return {"name": port.name, "shape": port.shape, "type": str(port.type), "lsb": 2.0**-port.type.fraction}


def _operation(op: "Operation") -> dict[str, Any]:
    accumulator = getattr(op, "accumulator", None)
    constants = [
        {"name": name, "size": "x".join(map(str, value.mantissa.shape)), "type": str(value.type)}
        for name, value in _constants(op)
    ]
    return {
        "layer": op.name, "operation": type(op).__name__, "reads": op.inputs, "shape": op.shape, "type": str(op.type),
        "accumulator": str(accumulator) if accumulator else None, "constants": constants,
    }  # fmt: skip


def _constants(op: "Operation") -> "Iterator[tuple[str, Constant]]":
    from trigger_nn.program.operations import Constant

    return ((name, value) for name, value in vars(op).items() if isinstance(value, Constant))


def _numbers(op: "Operation", bounds: tuple[int, int]) -> list[float]:
    return [bound * 2.0**-op.type.fraction for bound in bounds]


def carriers_as_plain(program: "Program", target: "Target") -> dict[str, Any]:
    """How the native engine computes each layer on `target`."""
    from dataclasses import asdict

    from trigger_nn.engines.native.explain import explain

    rows = [asdict(choice) | {"operation": _kind(program, choice)} for choice in explain(program, target)]
    return {"name": program.name, "digest": program.digest, "target": target.name, "layers": rows}


def print_carriers(program: "Program", target: "Target") -> None:
    """The machine type of every layer's values and how its sums are added up, proven to give every bit."""
    from trigger_nn.engines.native.explain import explain

    console.print(f"{program.name}  digest {program.digest}  on {target.name}, {target.vector} events a row")
    table = Table("layer", "operation", "mantissas", "carrier", "sums of products", "left to the reference", box=None)
    for choice in explain(program, target):
        kind = choice.carrier + (f" modulo 2^{choice.carrier[1:]}" if choice.modular else "")
        span = f"{choice.low} .. {choice.high}"
        table.add_row(choice.layer, _kind(program, choice), span, kind, "; ".join(choice.sums), choice.reason)
    console.print(table)


def _kind(program: "Program", choice: "Choice") -> str:
    return type(program.operation(choice.layer)).__name__
