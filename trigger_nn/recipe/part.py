"""The base of every recipe, and how a file becomes one: a mistake names its key path, what was found, what may be."""

import difflib
import tomllib
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from trigger_nn.errors import RecipeError

NAME = "[a-z][a-z0-9_]*"  # a model's: it becomes a C++ function and a folder


def tuples(value: Any) -> Any:
    """Lists as tuples, lists within them too; anything else as it is."""
    return tuple(map(tuples, value)) if isinstance(value, list) else value


class Part(BaseModel):
    """Base of every table of a recipe: immutable, no unknown keys, no silent conversion."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    @model_validator(mode="before")
    @classmethod
    def _lists_are_tuples(cls, data: Any) -> Any:
        """TOML has lists only; a value that is hashable and can't be changed is a tuple."""
        if isinstance(data, dict):
            return {key: tuples(value) for key, value in data.items()}
        return data


PositiveInt = Annotated[int, Field(gt=0)]
PositiveFloat = Annotated[float, Field(gt=0)]
R = TypeVar("R", bound=Part)


def recipe_of(stored: object, model: type[R], where: str) -> R:
    """`stored`, as JSON has it, as `model`; raises RecipeError, which names `where`."""
    return validated(stored, model, where)


def load(path: Path, model: type[R]) -> R:
    """Read a TOML file as `model`; raises RecipeError as `load_model_recipe` does."""
    try:
        data = tomllib.loads(path.read_text())
    except FileNotFoundError:
        raise RecipeError(f"There is no recipe at {path}; give the path of a TOML file.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise RecipeError(f"{path} can't be read as a recipe: {error}; give the path of a TOML file.") from None
    except tomllib.TOMLDecodeError as error:
        raise RecipeError(f"{path} is not TOML: {error}; mend the syntax there.") from None
    return validated(data, model, str(path))


def validated(data: object, model: type[R], where: str) -> R:
    """`data` as `model`; raises RecipeError, which names `where` and every key that is wrong."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise RecipeError(f"{where}: " + "; ".join(_sentence(dict(e), model) for e in error.errors()) + ".") from None


def _sentence(error: dict[str, Any], model: type[Part]) -> str:
    where = ".".join(str(part) for part in error["loc"]) or "recipe"
    match error["type"]:
        case "extra_forbidden":
            return f"unknown key {where!r}{_nearest(error['loc'], model)}"
        case "missing":
            return f"key {where!r} is missing; add it"
        case _:
            found = "" if isinstance(error["input"], dict) else f" (found {error['input']!r})"
            return f"{where}: {error['msg'].removeprefix('Value error, ')}{found}"


def _nearest(location: tuple[str | int, ...], model: type[Part]) -> str:
    """Name the key most like the unknown one, among those its table knows."""
    fields = model.model_fields
    for step in location[:-1]:
        inner = fields[step].annotation if isinstance(step, str) and step in fields else None
        if not (isinstance(inner, type) and issubclass(inner, Part)):
            return "; remove it"
        fields = inner.model_fields
    close = difflib.get_close_matches(str(location[-1]), list(fields), n=1)
    return f"; did you mean {close[0]!r}?" if close else f"; known here: {', '.join(fields)}"
