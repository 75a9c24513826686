"""A Program as one HDF5 file: schema version, structure as JSON, weights as integers, and a digest over all of it.

Layout: 512 bytes of text (`head -n 3` reads them) that name the schema and the SHA-256 of all that follows; then HDF5
with the attributes `digest`, `program` (JSON), `provenance` (JSON) and one data set of int64 for each constant, at
/constants/<number>, referred to from the JSON by its number. Schema 1 had no such text, but attributes `format` and
`schema`; it is still read.
"""

import hashlib
import io
import json
from dataclasses import fields, is_dataclass
from enum import Enum
from pathlib import Path
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

import h5py
import numpy as np

from trigger_nn.errors import ProgramError, TriggerNNError
from trigger_nn.files import replacing
from trigger_nn.program.fixed import Fixed
from trigger_nn.program.operations import Constant, Operation
from trigger_nn.program.program import Port, Program
from trigger_nn.program.rules import check

FORMAT = "trigger_nn program"
SCHEMA = 2
HEADER = 512  # bytes before HDF5's own; the least that HDF5 allows


def save(program: Program, path: Path) -> None:
    """Write `program`; the file appears under its name only when it is whole."""
    constants: list[np.ndarray] = []
    structure = {
        "name": program.name,
        "inputs": [_encode(port, constants) for port in program.inputs],
        "operations": [_encode(operation, constants) for operation in program.operations],
        "output_names": list(program.output_names),
    }
    content = io.BytesIO()
    with h5py.File(content, "w", userblock_size=HEADER) as file:
        file.attrs["digest"] = program.digest
        file.attrs["program"] = json.dumps(structure, sort_keys=True)
        file.attrs["provenance"] = json.dumps(dict(program.provenance), sort_keys=True)
        for number, mantissa in enumerate(constants):
            file.create_dataset(f"constants/{number}", data=mantissa, compression="gzip", shuffle=True)
    body = content.getvalue()[HEADER:]
    with replacing(path) as temporary:
        temporary.write_bytes(_header(SCHEMA, body) + body)


def load(path: Path) -> Program:
    """Read and verify a program.

    Raises:
        ProgramError: no such file, not a program, a newer schema, a byte that is not as it was written, or a program
            that breaks a rule (`trigger_nn.program.rules`).
    """
    if not path.is_file():
        raise ProgramError(f"There is no program at {path}; make one with: trigger-nn compile RECIPE.")
    content = path.read_bytes()
    _verify(content, path)
    try:
        with h5py.File(io.BytesIO(content), "r") as file:
            program, stored = _decode_program(file), str(file.attrs["digest"])
    except (OSError, KeyError, ValueError, TypeError, RuntimeError, AttributeError, IndexError) as error:
        raise ProgramError(f"{path} is damaged ({error}); compile it again.") from None
    except TriggerNNError as error:
        raise ProgramError(f"{path} is damaged ({error}); compile it again.") from None
    if program.digest != stored:
        raise ProgramError(
            f"{path} does not match its digest {stored[:12]}: its content was changed; compile it again."
        )
    try:
        return check(program)
    except TriggerNNError as error:
        raise ProgramError(f"{path} is damaged ({error}); compile it again.") from None


def _header(schema: int, body: bytes) -> bytes:
    text = f"{FORMAT}\nschema {schema}\nsha256 {hashlib.sha256(body).hexdigest()}\n"
    return text.encode().ljust(HEADER, b"\n")


def _verify(content: bytes, path: Path) -> None:
    """Every byte is as it was written, and of a schema known here."""
    if content.startswith(b"\x89HDF\r\n\x1a\n"):
        _verify_first_schema(content, path)
        return
    lines = content[:HEADER].split(b"\n")
    if lines[0] != FORMAT.encode():
        raise ProgramError(
            f"{path} is not a program of this package, or is damaged; make one with: trigger-nn compile RECIPE."
        )
    schema = lines[1].removeprefix(b"schema ").decode(errors="replace") if len(lines) > 1 else ""
    if schema.isascii() and schema.isdecimal() and int(schema) > SCHEMA:
        raise ProgramError(f"{path} has schema {schema}, newer than {SCHEMA}; update trigger_nn.")
    if content[:HEADER] != _header(SCHEMA, content[HEADER:]):
        raise ProgramError(f"{path} is damaged: its bytes do not match its SHA-256; compile it again.")


def _verify_first_schema(content: bytes, path: Path) -> None:
    try:
        with h5py.File(io.BytesIO(content), "r") as file:
            found = file.attrs.get("format"), int(file.attrs.get("schema", 0))
    except (OSError, RuntimeError, ValueError, TypeError) as error:
        raise ProgramError(f"{path} is damaged ({error}); compile it again.") from None
    if found != (FORMAT, 1):
        raise ProgramError(f"{path} is not a program of this package; make one with: trigger-nn compile RECIPE.")


def _decode_program(file: h5py.File) -> Program:
    structure = json.loads(file.attrs["program"])
    constants = {name: data[()] for name, data in file["constants"].items()} if "constants" in file else {}
    return Program(
        name=structure["name"],
        inputs=tuple(_decode(port, Port, constants) for port in structure["inputs"]),
        operations=tuple(_decode(op, _OPERATIONS[op["class"]], constants) for op in structure["operations"]),
        output_names=tuple(structure["output_names"]),
        provenance=dict(json.loads(file.attrs["provenance"])),
    )


def _encode(value: Any, constants: list[np.ndarray]) -> Any:
    if isinstance(value, Constant):
        constants.append(value.mantissa.astype(np.int64))
        return {"class": "Constant", "type": str(value.type), "number": len(constants) - 1}
    if isinstance(value, Fixed):
        return str(value)
    if isinstance(value, Enum):
        return value.value
    if is_dataclass(value):
        return {"class": type(value).__name__} | {
            f.name: _encode(getattr(value, f.name), constants) for f in fields(value)
        }
    if isinstance(value, tuple):
        return [_encode(item, constants) for item in value]
    return value


def _decode(value: Any, kind: Any, constants: dict[str, np.ndarray]) -> Any:
    """`value` from JSON as the annotated type `kind`."""
    if kind is Constant:
        return Constant(constants[str(value["number"])], Fixed.parse(value["type"]))
    if kind is Fixed:
        return Fixed.parse(value)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind(value)
    if is_dataclass(kind):
        hints = get_type_hints(kind)
        given = [f.name for f in fields(kind) if f.name in value]  # a field that came later is at its default
        return kind(**{name: _decode(value[name], hints[name], constants) for name in given})  # type: ignore[operator]
    if get_origin(kind) is tuple:
        arguments = get_args(kind)
        return tuple(_decode(item, arguments[0], constants) for item in value)
    if get_origin(kind) in (UnionType, Union):
        return _decode_union(value, get_args(kind), constants)
    return value


def _decode_union(value: Any, kinds: tuple[Any, ...], constants: dict[str, np.ndarray]) -> Any:
    """One of several types: a dataclass is known by its name, None is itself, else there is but one other."""
    if value is None:
        return None
    if isinstance(value, dict):
        return _decode(value, next(kind for kind in kinds if kind.__name__ == value["class"]), constants)
    return _decode(value, next(kind for kind in kinds if kind is not type(None)), constants)


_OPERATIONS: dict[str, type] = {cls.__name__: cls for cls in get_args(Operation)}
