"""What a study asks: its table of a file, what the events can answer of it, and which process each output is for."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import ConfigDict

from trigger_nn.errors import EventsError
from trigger_nn.program.program import Program
from trigger_nn.recipe import EventsSpec, Part, StudySpec, load, recipe_of
from trigger_nn.workflow.origin import recorded_recipe


class _Keys(Part):
    """Any file, for its keys."""

    model_config = ConfigDict(extra="allow")


class _Recipe(Part):
    """The [study] of a network's recipe, whatever else stands there."""

    model_config = ConfigDict(extra="ignore")
    study: StudySpec = StudySpec()


@dataclass(frozen=True)
class Roles:
    """Either `signals`, one output each, against `backgrounds`; or `classes`, one output each.

    Raises:
        EventsError: a name stands twice among them, or a signal is background as well.
    """

    signals: tuple[str, ...] = ()
    backgrounds: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse roles that make no sense."""
        for kind in ("signals", "backgrounds", "classes"):
            names = getattr(self, kind)
            twice = [name for name in dict.fromkeys(names) if names.count(name) > 1]
            if twice:
                raise EventsError(f"{twice[0]!r} stands twice among the {kind} ({', '.join(names)}); name each once.")
        both = [name for name in self.signals if name in self.backgrounds]
        if both:
            raise EventsError(
                f"{both[0]!r} is both a signal and a background; name other signals (--signal) or backgrounds "
                "(--background)."
            )

    @property
    def outputs(self) -> tuple[str, ...]:
        """What each output is for."""
        return self.classes or self.signals

    def check(self, processes: Collection[str]) -> None:
        """Refuse a role that no event plays.

        Raises:
            EventsError: one of the names is none of `processes`.
        """
        for kind in ("signals", "backgrounds", "classes"):
            for name in getattr(self, kind):
                if name not in processes:
                    have, option = ", ".join(processes), {"signals": "signal", "backgrounds": "background"}
                    raise EventsError(
                        f"No event is of the process {name!r}, which is among the {kind}; the events are of: {have}. "
                        f"Give events of it, or name others with --{option.get(kind, 'class')}."
                    )


def load_study(path: Path) -> StudySpec:
    """The study that a TOML file asks for: its own keys, or those of the [study] of a recipe.

    Raises:
        RecipeError: the file is missing or not TOML, or a key is unknown or of a wrong value.
    """
    keys = set(load(path, _Keys).model_extra or {})
    return load(path, _Recipe).study if keys & {"study", "network"} else load(path, StudySpec)


def recorded_study(program: Program) -> StudySpec:
    """The [study] that the program records of its recipe, the default if it records none.

    Raises:
        RecipeError: what it records is no longer valid.
    """
    recipe = recorded_recipe(program)
    return recipe.study if recipe else StudySpec()


def roles_of(
    program: Program, signals: Sequence[str] = (), backgrounds: Sequence[str] = (), classes: Sequence[str] = ()
) -> Roles:
    """Which process each output of `program` is for: as its recipe says, but for what is named here.

    Raises:
        EventsError: it records none and none are named, or both classes and signals are.
        RecipeError: what it records is no longer valid.
    """
    if classes and (signals or backgrounds):
        raise EventsError("A study is of classes, or of signals against backgrounds; name either the one or the other.")
    stored = program.provenance.get("recipe", {}).get("events")
    recorded = recipe_of(stored, EventsSpec, "events of the program") if stored else None
    if classes:
        return Roles(classes=tuple(classes))
    found = Roles(
        tuple(signals) or (recorded.signals if recorded else ()),
        tuple(backgrounds) or (recorded.backgrounds if recorded else ()),
        recorded.classes if recorded and not signals and not backgrounds else (),
    )
    if not found.classes and not (found.signals and found.backgrounds):
        raise EventsError(
            f"Program {program.name!r} does not record what its outputs are for; name it: --signal for each output, "
            "and --background, or --class for each output."
        )
    return found


def wanted_columns(spec: StudySpec) -> tuple[str, ...]:
    """Names of the columns that `spec` looks at, each once."""
    cuts = [cut.column for seed in spec.menu for cut in seed.all]
    pileup = [spec.pileup.column] if spec.pileup else []
    return tuple(dict.fromkeys([*cuts, *(curve.column for curve in spec.turn_on), *pileup]))


def answerable(spec: StudySpec, columns: Collection[str]) -> tuple[StudySpec, tuple[str, ...]]:
    """What of `spec` can be answered with `columns`, and a sentence for each part that can't."""
    menu = tuple(seed for seed in spec.menu if all(cut.column in columns for cut in seed.all))
    curves = tuple(curve for curve in spec.turn_on if curve.column in columns)
    pileup = spec.pileup if spec.pileup and spec.pileup.column in columns else None
    dropped = [f"the menu's line {seed.name!r}" for seed in spec.menu if seed not in menu]
    dropped += [f"the turn-on against {curve.column!r}" for curve in spec.turn_on if curve not in curves]
    dropped += [f"pile-up in {spec.pileup.column!r}"] if spec.pileup and not pileup else []
    told = tuple(f"Left out, as the events lack a column for it: {what}." for what in dropped)
    return spec.model_copy(update={"menu": menu, "turn_on": curves, "pileup": pileup}), told
