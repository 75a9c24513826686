"""`python -m trigger_nn.hardware.calibration measure|fit`: synthesise the networks of the fit; fit on what is there.

`measure` goes on where it stopped. `fit` writes the constants of `trigger_nn/hardware/estimate/constants.json`.
"""

import argparse
import sys
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

from trigger_nn.errors import TriggerNNError
from trigger_nn.hardware.calibration.fitting import measured
from trigger_nn.hardware.calibration.measure import Synthesised, line, rows_in, synthesised
from trigger_nn.hardware.estimate.fit import fit

ROWS = Path(__file__).parent / "yosys.jsonl"
CONSTANTS = Path(__file__).parents[1] / "estimate" / "constants.json"


def rows_at(path: Path) -> tuple[Synthesised, ...]:
    """What was measured so far."""
    return rows_in(path.read_text().splitlines()) if path.exists() else ()


def measure(networks: int, processes: int, path: Path, cache: Path) -> None:
    """Synthesise the networks of seeds below `networks` that are not in the file yet; their rows are added to it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    there = {row.seed for row in rows_at(path)}
    missing = [seed for seed in range(networks) if seed not in there]
    with ThreadPoolExecutor(processes) as pool, path.open("a") as out:
        jobs = {pool.submit(synthesised, seed, cache): seed for seed in missing}
        for number, job in enumerate(as_completed(jobs), 1):
            try:
                row = job.result()
            except TriggerNNError as error:
                sys.stderr.write(f"network {jobs[job]}: {error}\n")
                continue
            out.write(line(row))
            out.flush()
            sys.stderr.write(f"{number} of {len(missing)}: network {row.seed}, {row.lut} LUT, {row.seconds:.0f} s\n")


def main() -> int:
    """Measure or fit."""
    parser = argparse.ArgumentParser(prog="python -m trigger_nn.hardware.calibration", description=__doc__)
    parser.add_argument("what", choices=("measure", "fit"))
    parser.add_argument("--networks", type=int, default=330, help="how many, from seed 0")
    parser.add_argument("--processes", type=int, default=2, help="Yosys at the same time")
    parser.add_argument("--rows", type=Path, default=ROWS, help="file of what was measured")
    parser.add_argument("--cache", type=Path, default=Path("build/calibration"))
    asked = parser.parse_args()
    if asked.what == "measure":
        measure(asked.networks, asked.processes, asked.rows, asked.cache)
    else:
        CONSTANTS.write_text(fit(measured(rows_at(asked.rows))).text())
    return 0


if __name__ == "__main__":
    sys.exit(main())
