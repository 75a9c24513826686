"""The checker of digests: what it lets pass, and that it names what it does not."""

import subprocess

import pytest

from tests.handoff.bench import fake
from trigger_nn.files import sha256, write_tree
from trigger_nn.handoff.bench import bench_files
from trigger_nn.handoff.bundle import SUMS, sums

# Lengths about the ends of a block of SHA-256, which has 64 bytes, 9 of them padding at least.
FILES = {f"deep/er/{n}.bin": bytes(i % 251 for i in range(n)) for n in (0, 1, 55, 56, 63, 64, 65, 119, 120, 5000)}


@pytest.fixture(scope="module")
def digests(tmp_path_factory, gxx):
    folder = tmp_path_factory.mktemp("digests")
    (folder / "digests.cpp").write_bytes(bench_files(fake.parallel(), 1, None)["bench/digests.cpp"])
    options = ["-std=c++11", "-Wall", "-Wextra", "-Werror", "-pedantic"]
    subprocess.run([gxx, *options, "digests.cpp", "-o", "digests"], cwd=folder, check=True)
    return folder / "digests"


@pytest.fixture
def bundle(tmp_path):
    write_tree(tmp_path / "bundle", FILES | {SUMS: sums(FILES)}, marker=SUMS)
    return tmp_path / "bundle"


@pytest.fixture
def run(digests, bundle):
    return lambda *args: subprocess.run([digests, *args], cwd=bundle, capture_output=True, text=True, check=False)


def test_what_sha256sum_lists_is_accepted_and_the_bundles_digest_told(run, bundle):
    done = run()
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"PASSED: 10 files are as SHA256SUMS says. Digest of the bundle: {sha256(sums(FILES))}\n"
    assert run(bundle).stdout == done.stdout


@pytest.mark.parametrize("name", FILES)
def test_one_bit_of_any_file_is_seen_and_named(run, bundle, name):
    content = FILES[name]
    (bundle / name).write_bytes(content[:-1] + bytes([content[-1] ^ 1]) if content else b"x")
    done = run()
    assert done.returncode == 1
    assert done.stderr.splitlines()[0] == f"ALTERED: {name}"
    assert "FAILED: 1 of" in done.stderr


def test_every_file_that_is_wrong_is_named(run, bundle):
    (bundle / "deep/er/1.bin").unlink()
    (bundle / "deep/er/64.bin").write_bytes(b"")
    (bundle / "deep/new.h").write_bytes(b"")
    (bundle / "link").symlink_to("deep/er/0.bin")
    done = run()
    assert done.returncode == 1
    assert set(done.stderr.splitlines()[:-1]) == {
        "MISSING: deep/er/1.bin",
        "ALTERED: deep/er/64.bin",
        "NOT LISTED: deep/new.h",
        "NOT A FILE: link",
    }


def test_a_file_replaced_by_a_link_to_its_equal_is_refused(run, bundle):
    (bundle / "deep/er/1.bin").unlink()
    (bundle / "deep/er/1.bin").symlink_to("/dev/null")
    assert run().stderr.startswith("NOT A FILE: deep/er/1.bin\n")


def test_what_make_left_is_not_looked_at(run, bundle):
    for folder in ("build", "deep/build/er"):
        (bundle / folder).mkdir(parents=True)
        (bundle / folder / "bench").write_bytes(b"x")
    assert run().returncode == 0
    (bundle / "rebuild").mkdir()
    (bundle / "rebuild/x").write_bytes(b"")
    assert run().stderr.startswith("NOT LISTED: rebuild/x\n")


def test_what_editors_and_desktops_leave_is_not_looked_at(run, bundle):
    (bundle / ".git").mkdir()
    (bundle / ".git/x").write_bytes(b"x")
    (bundle / "deep/.DS_Store").write_bytes(b"x")
    (bundle / "deep/Makefile~").write_bytes(b"x")
    assert run().returncode == 0
    (bundle / "mine.txt").write_bytes(b"")
    assert "move the files that are not listed elsewhere" in run().stderr


GOOD = sums(FILES).decode()
LINE = GOOD.splitlines(keepends=True)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "SHA256SUMS is empty"),
        (GOOD[:-1], "ends within a line"),
        (GOOD[:-5], "ends within a line"),
        ("\n" + GOOD, "line 1: not 64"),
        (GOOD + "\n", "line 11: not 64"),
        (GOOD.replace("  ", " *", 1), "line 1: not 64"),
        (GOOD.replace("  ", " ", 1), "line 1: not 64"),
        (GOOD[1:], "line 1: not 64"),
        ("0" + GOOD, "line 1: not 64"),
        (LINE[0][:64].upper() + LINE[0][64:], "line 1: not 64"),
        (LINE[0] + LINE[0], "line 2: deep/er/0.bin is named a second time"),
        (f"{'0' * 64}  /etc/passwd\n", "no path of a file in the bundle"),
        (f"{'0' * 64}  deep/../../x\n", "no path of a file in the bundle"),
        (f"{'0' * 64}  ./deep/er/0.bin\n", "no path of a file in the bundle"),
        (f"{'0' * 64}  deep//er\n", "no path of a file in the bundle"),
        (f"{'0' * 64}  deep\\er\n", "no path of a file in the bundle"),
        (f"{'0' * 64}  SHA256SUMS\n", "no path of a file in the bundle"),
    ],
)
def test_a_malformed_list_is_refused(run, bundle, text, words):
    (bundle / SUMS).write_text(text)
    done = run()
    assert done.returncode == 2
    assert "MALFORMED: " in done.stderr
    assert words in done.stderr


def test_a_shortened_list_is_refused(run, bundle):
    (bundle / SUMS).write_text("".join(LINE[:-1]))
    done = run()
    assert done.returncode == 1
    assert done.stderr.startswith(f"NOT LISTED: {LINE[-1][66:]}")


def test_no_list_is_refused(run, bundle):
    (bundle / SUMS).unlink()
    done = run()
    assert done.returncode == 2
    assert "SHA256SUMS can't be read" in done.stderr


def test_a_single_byte_altered_in_the_list_is_seen(run, bundle):
    good = (bundle / SUMS).read_bytes()
    for place in range(0, len(good), 3):
        (bundle / SUMS).write_bytes(good[:place] + bytes([good[place] ^ 1]) + good[place + 1 :])
        assert run().returncode != 0, place
