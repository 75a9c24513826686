"""`python -m trigger_nn.hardware.calibration`: synthesise the networks of the fit; goes on where it stopped."""

import argparse
import sys
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

from trigger_nn.errors import TriggerNNError
from trigger_nn.hardware.calibration.measure import line, rows_in, synthesised


def main() -> int:
    """Measure the networks that are not in the file yet."""
    parser = argparse.ArgumentParser(prog="python -m trigger_nn.hardware.calibration", description=__doc__)
    parser.add_argument("--networks", type=int, default=300, help="how many, from seed 0")
    parser.add_argument("--processes", type=int, default=1, help="Yosys at the same time")
    parser.add_argument("--out", type=Path, default=Path("build/calibration/yosys.jsonl"))
    asked = parser.parse_args()
    asked.out.parent.mkdir(parents=True, exist_ok=True)
    there = rows_in(asked.out.read_text().splitlines()) if asked.out.exists() else ()
    missing = [seed for seed in range(asked.networks) if seed not in {row.seed for row in there}]
    with ThreadPoolExecutor(asked.processes) as pool, asked.out.open("a") as out:
        jobs = {pool.submit(synthesised, seed, asked.out.parent / "cache"): seed for seed in missing}
        for number, job in enumerate(as_completed(jobs), 1):
            try:
                row = job.result()
            except TriggerNNError as error:
                sys.stderr.write(f"network {jobs[job]}: {error}\n")
                continue
            out.write(line(row))
            out.flush()
            sys.stderr.write(f"{number} of {len(missing)}: network {row.seed}, {row.lut} LUT, {row.seconds:.0f} s\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
