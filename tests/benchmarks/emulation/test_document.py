"""The page on speed says what is in the results, and nothing of what is not."""

from pathlib import Path

import pytest

from tests.benchmarks.emulation.document import page
from tests.benchmarks.emulation.peers import OURS, OURS_NARROW, PREDICT
from tests.benchmarks.emulation.results import Facts, Limit, Part, Rate, Results, Start

MACHINE = {
    "cpu": "a processor", "family, model, stepping": ["6", "1", "0"], "flags": ["avx2"], "target": "avx2", "cores": 2,
    "load before": 0.01, "memory": 16e9, "system": "Linux", "python": "3.11", "blas": "some", "g++": "12",
    "versions": {"numpy": "2.0"},
}  # fmt: skip
WAYS = {
    "events": 1000, "rounds": "best of 4", "checked": 500,
    "ways": [
        {"name": OURS, "events": 1000, "seconds": 1e-5, "imports": 0.1, "first": 0.2, "megabytes": 99.0,
         "packages": "p"},
        {"name": "numba", "events": 1000, "seconds": None, "imports": None, "first": None, "megabytes": None,
         "packages": "numba missing"},
    ],
}  # fmt: skip


@pytest.fixture
def results() -> Results:
    facts = Facts("tagger", "tagger 16-5", "trained", "fixed<10,3>", 4256, 0.1, 4000, [], {"alkaid": "too large"})
    rates = [
        Rate("tagger", OURS, 1, 1000, 1000 / 40e6),
        Rate("tagger", OURS_NARROW, 1, 1000, 1000 / 50e6),
        Rate("tagger", PREDICT, 1, 1000, 1000 / 16e3),
        Rate("tagger", OURS, 2, 1000, 1000 / 39e6),
    ]
    limits = [Limit("tagger", threads, threads * 90e9) for threads in (1, 2)]
    start = Start("tagger", 0.2, 0.03, 0.15, 0.001, 0.6, 0.2, 0.01, 60e-6, 90e-6)
    parts = [
        Part("tagger", 64, "read", "features", "", "16 x int16", 250.0),
        Part("tagger", 64, "compute", "dense1", "dot16, 16 products", "64 x u8", 750.0),
    ]
    return Results(MACHINE, {"events": "random"}, [facts], rates, limits, [start], profile=parts)


def test_numbers_come_from_the_results(results: Results) -> None:
    lines = page(results, WAYS).splitlines()
    assert "| tagger | 40.0 M | 50.0 M | 16.0 k |" in lines
    assert "| events/s, 1 thread, against hls4ml predict | tagger | 2,500 x | 2,500 x | 3,125 x | yes |" in lines
    assert "| events/s, 2 threads, against hls4ml predict | tagger | 5,000 x | 2,438 x | - | no |" in lines
    assert "| one event in a warm emulator, median | tagger | < 100 µs | 60 µs |  | yes |" in lines
    assert "| compute dense1 | dot16, 16 products | 64 x u8 | 750 | 75.0% |" in lines
    assert "| numba | not installed | - | - | - | - | numba missing |" in lines
    assert "* `tagger`: no alkaid, too large." in lines


def test_sections_without_data_are_left_out(results: Results) -> None:
    text = page(results, WAYS)
    assert "## From a file to a score" in text
    for title in ("Events in a call", "Memory", "Threads", "Size of the network"):
        assert f"## {title}" not in text


def test_results_are_read_as_they_were_saved(results: Results, tmp_path: Path) -> None:
    results.save(tmp_path / "results.json")
    assert Results.load(tmp_path / "results.json") == results
