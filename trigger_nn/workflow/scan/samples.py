"""The events of a scan: one sample for every variant of the sample's recipe, made once and kept."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import tomli_w

from trigger_nn.events.production.specification import SampleRecipe
from trigger_nn.files import replacing, sha256

Progress = Callable[[str, int, int], None]
SHORT = 12  # digits of a digest in a folder's name


@dataclass(frozen=True)
class Samples:
    """Where samples are (`folder`/DIGEST/sample.h5) and how they are made; particles are kept in `cache`."""

    folder: Path
    cache: Path
    workers: int
    progress: Progress

    def file(self, recipe: SampleRecipe) -> Path:
        """The events of `recipe`, made if they are not there, which takes minutes.

        Raises:
            EventsError, RecipeError: the events can't be made as asked. ToolNotFound: Pythia is not installed.
        """
        content = recipe.model_dump(mode="json", exclude_none=True)
        folder = self.folder / sha256(json.dumps(content, sort_keys=True).encode())[:SHORT]
        made = folder / "sample.h5"
        if not made.is_file():
            from trigger_nn.events.production.make import make_sample

            with replacing(folder / "sample.toml") as temporary:
                temporary.write_text(tomli_w.dumps(content))
            make_sample(recipe, made, self.cache, self.workers, self.progress)
        return made
