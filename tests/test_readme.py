"""What the README says can be done."""

import re
import shutil
import subprocess
import sys

from tests.conftest import ROOT

README = (ROOT / "README.md").read_text()


def test_the_ten_lines_run(tmp_path, gxx):
    code = re.search(r"```python\n(.*?)```", README, re.DOTALL)[1]
    shutil.copytree(ROOT / "models", tmp_path / "models")
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout + done.stderr == ""
    assert (tmp_path / "firmware_projects/event_image/manifest.json").is_file()


def test_every_path_and_verb_it_names_exists():
    verbs = set(re.findall(r"trigger-nn ([a-z]+)", README))
    listed = subprocess.run(
        [sys.executable, "-m", "trigger_nn", "--help"], capture_output=True, text=True, check=True
    ).stdout
    assert verbs
    assert all(verb in listed for verb in verbs)
    paths = set(re.findall(r"(?:trigger_nn|models|tests|notebooks|firmware_projects)/[\w./]*", README))
    made = {"firmware_projects/event_image", "firmware_projects/event_image/"}
    assert [path for path in sorted(paths - made) if not (ROOT / path.rstrip(".")).exists()] == []
    assert len(README.splitlines()) <= 120
