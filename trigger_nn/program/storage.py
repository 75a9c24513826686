"""A Program as one HDF5 file: schema version, structure as JSON, weights as integers, and a digest over all of it.

Layout: attributes `format`, `schema`, `digest`, `program` (JSON), `provenance` (JSON); one data set of int64 for each
constant, at /constants/<number>, referred to from the JSON by its number.
"""

import json
from dataclasses import fields, is_dataclass
from enum import Enum
from pathlib import Path
from types import UnionType
from typing import Any, get_args, get_origin, get_type_hints

import h5py
import numpy as np

from trigger_nn.errors import ProgramError, TriggerNNError
from trigger_nn.files import replacing
from trigger_nn.program.fixed import Fixed
from trigger_nn.program.operations import Constant, Operation, Window
from trigger_nn.program.program import Port, Program

FORMAT = "trigger_nn program"
SCHEMA = 1
_CLASSES: dict[str, type] = {cls.__name__: cls for cls in (*get_args(Operation), Window, Port, Fixed)}


def save(program: Program, path: Path) -> None:
    """Write `program`; the file appears under its name only when it is whole."""
    constants: list[np.ndarray] = []
    structure = {
        "name": program.name,
        "inputs": [_encode(port, constants) for port in program.inputs],
        "operations": [_encode(operation, constants) for operation in program.operations],
        "output_names": list(program.output_names),
    }
    with replacing(path) as temporary, h5py.File(temporary, "w") as file:
        file.attrs["format"], file.attrs["schema"], file.attrs["digest"] = FORMAT, SCHEMA, program.digest
        file.attrs["program"] = json.dumps(structure, sort_keys=True)
        file.attrs["provenance"] = json.dumps(dict(program.provenance), sort_keys=True)
        for number, mantissa in enumerate(constants):
            file.create_dataset(f"constants/{number}", data=mantissa, compression="gzip", shuffle=True)


def load(path: Path) -> Program:
    """Read and verify a program.

    Raises:
        ProgramError: no such file, not a program, a newer schema, or content that does not match its digest.
    """
    if not path.is_file():
        raise ProgramError(f"There is no program at {path}; make one with: trigger-nn compile RECIPE.")
    try:
        with h5py.File(path, "r") as file:
            if file.attrs.get("format") != FORMAT:
                raise ProgramError(
                    f"{path} is not a program of this package; make one with: trigger-nn compile RECIPE."
                )
            if int(file.attrs["schema"]) > SCHEMA:
                raise ProgramError(f"{path} has schema {file.attrs['schema']}, newer than {SCHEMA}; update trigger_nn.")
            program, stored = _decode_program(file), str(file.attrs["digest"])
    except (OSError, KeyError, ValueError, TypeError, RuntimeError, AttributeError, IndexError) as error:
        raise ProgramError(f"{path} is damaged ({error}); compile it again.") from None
    except ProgramError:
        raise
    except TriggerNNError as error:
        raise ProgramError(f"{path} is damaged ({error}); compile it again.") from None
    if program.digest != stored:
        raise ProgramError(
            f"{path} does not match its digest {stored[:12]}: its content was changed; compile it again."
        )
    return program


def _decode_program(file: h5py.File) -> Program:
    structure = json.loads(file.attrs["program"])
    constants = {name: data[()] for name, data in file["constants"].items()} if "constants" in file else {}
    return Program(
        name=structure["name"],
        inputs=tuple(_decode(port, Port, constants) for port in structure["inputs"]),
        operations=tuple(_decode(op, _CLASSES[op["class"]], constants) for op in structure["operations"]),
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
    if get_origin(kind) is UnionType:
        return value
    return value
