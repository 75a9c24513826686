"""The guide, the card and the licences say what is so, and what they name exists."""

import re
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.handoff.interface.designs import ALL, BYTE, Towers, design, facts, image
from tests.handoff.interface.test_files import ABSOLUTE, DATE, tables
from trigger_nn.errors import HandoffError
from trigger_nn.handoff.documents import document_files
from trigger_nn.handoff.documents.contents import contents
from trigger_nn.handoff.interface import describe_interface
from trigger_nn.handoff.interface.sharing import told
from trigger_nn.handoff.scripts import script_files
from trigger_nn.program.program import Port
from trigger_nn.recipe import LayerSpec

EVENTS = 731


@pytest.fixture(params=ALL)
def made(request):
    return ALL[request.param]()


def _texts(one, **changes):
    return {path: content.decode() for path, content in document_files(one, facts(one, **changes), EVENTS).items()}


def _layout(one):
    """Every file and folder that the bundle's layout promises."""
    symbol = one.identity.symbol
    roots = "Makefile README.md CARD.md LICENCES.md LICENSE manifest.json"
    roots += " interface.md interface.json interface.svg interface.v interface.vhd"
    firmware = f"{symbol}.h {symbol}.cpp network.cpp network.h defines.h parameters.h weights/ nnet_utils/ ap_types/"
    vectors = "design/ dat/ mem/ patterns/ patterns/layout.json patterns/inputs_000.txt patterns/expected_000.txt"
    emulator = f"README.md program.h5 {symbol}.h {symbol}.cpp check.cpp Makefile hls4ml_emulator.cpp"
    behind = {"hls/firmware/builder.h", "vectors/network/"} if one.builder else set()
    return behind | {
        *roots.split(),
        *("SHA256SUMS", "bench/", "scripts/", "scripts/README.md", "emulator/", "vectors/events.json"),
        *(f"hls/firmware/{name}" for name in firmware.split()),
        *(f"vectors/{name}" for name in vectors.split()),
        *(f"emulator/{name}" for name in emulator.split()),
    }


def _named_paths(text):
    """What stands in backticks and looks like a path."""
    return {
        name
        for name in re.findall(r"`([^`\s]+)`", text)
        if re.fullmatch(r"[\w./*-]+", name) and ("/" in name or re.search(r"\.(md|json|svg|vhd|v|h5|cpp|h|txt)$", name))
    } - {"build/", "build/hls"}


def test_every_path_that_the_guide_names_is_in_a_bundle(made):
    assert _named_paths(_texts(made)["README.md"]) <= _layout(made)


def test_the_table_of_files_is_the_list(made):
    rows = [row for table in tables(_texts(made)["README.md"]) if "path" in table[0][0] for row in table[2:]]
    assert [row[0].strip(" `") for row in rows] == [entry.path for entry in contents(made)]
    tops = {path.split("/")[0] for path in _layout(made)} - {"hls", "vectors", "emulator"}
    named = " ".join(cell for row in rows for cell in row)
    assert all(top.removesuffix("/") in named for top in tops)


def test_the_guide_is_short_and_says_the_commands(made):
    guide = _texts(made)["README.md"]
    assert len(guide.splitlines()) <= 130
    for words in (
        "make check",
        "unzip ",
        "NOT LISTED",
        "No AMD tool has been run on this bundle",
        "make synth",
        "make cosim",
        "make export",
        "make csim",
        "trigger-nn verify",
        "SHA256SUMS",
    ):
        assert words in guide
    assert f"\n{EVENTS} events" in guide
    assert made.identity.digest in guide


def test_tables_are_whole_no_path_of_this_machine_no_date_and_the_same_twice(made):
    texts = _texts(made)
    for text in texts.values():
        for table in tables(text):
            assert len({len(row) for row in table}) == 1
        assert not ABSOLUTE.search(text)
        assert not DATE.search(text)
        assert text.endswith("\n")
        assert "\n\n\n" not in text or "Apache License" in text
    assert _texts(made) == texts


def test_the_guide_speaks_of_what_is_there():
    plain, full, stream = (_texts(ALL[name]())["README.md"] for name in ("several", "builder", "stream"))
    assert "bit 1, vbf_inv, above -12." in full
    assert "without the builder" in full
    assert "builder" not in plain
    assert "decision" not in plain
    assert "ap_rst_n" in stream
    assert "ap_rst_n" not in full
    large = design(builder=Towers(ports=(Port("towers", (72, 100), BYTE, True),)))
    assert "These memories are outside the block" in _flat(_texts(large)["README.md"])


def _flat(text):
    return " ".join(text.split())


def test_the_guide_and_the_interface_say_the_same_of_handshake_and_share(made):
    guide = _flat(_texts(made)["README.md"])
    interface = describe_interface(made, facts(made))
    assert all(sentence in guide for sentence in interface.handshake)
    share = told(interface.sharing)
    assert f"{share[0].upper()}{share[1:]}." in guide
    assert "hold it until" not in guide


def test_versions_of_tools_are_those_of_the_scripts(made):
    guide, scripts = _texts(made)["README.md"], script_files(made, 1)["scripts/README.md"].decode()
    for tool, versions in [
        ("vitis-run", "2024.1 and later"),
        ("vitis_hls", "2022.1 to 2024.2"),
        ("vivado_hls", "2019.2, 2020.1"),
    ]:
        assert f"`{tool}` ({versions})" in _flat(guide)
        assert f"| `{tool}` | {versions} |" in scripts
    assert guide.index("`vitis-run` (") < guide.index("`vitis_hls` (") < guide.index("`vivado_hls` (")


@pytest.mark.parametrize(
    ("which", "hangs"), [("image", True), ("several", False), ("stream", False), ("vivado", False)]
)
def test_the_guide_warns_of_convolutions_in_co_simulation(which, hangs):
    texts = _texts(ALL[which]())
    assert ("Vitis 2025.1 is known to hang" in texts["README.md"]) is hangs


def test_decide_is_named_where_there_are_decisions():
    assert ["`decide()`." in _texts(ALL[name]())["README.md"] for name in ("image", "decision", "builder")] == [
        False,
        True,
        True,
    ]


def test_the_card_has_every_figure():
    one = ALL["decision"]()
    card = _texts(one)["CARD.md"]
    assert "| efficiency for hh4b at 100 kHz | 0.62 | 0.615 | 0.61 | 20000 |" in card
    assert "| AUC | - | - | 0.91 | 20000 |" in card
    assert "| hh4b | 0 | 37 | 100 | 0.6100 | yes |" in card
    assert "| hh4b | 0 | 61 | 50 | 0.5200 | no |" in card
    for layer in facts(one).estimate.layers:
        assert f"| {layer.layer} | {layer.kind} | {layer.latency} |" in card
    for digest in ("1" * 64, "2" * 64, "3" * 64, one.program.digest):
        assert f"`{digest}`" in card
    assert "    trigger-nn run models/event_image/recipe.toml\n" in card
    assert "expect a factor of 1.5 to 2 either way" in card


def test_the_card_names_limits_losses_and_layers_without_a_model():
    known = facts(design())
    program = replace(image(), provenance={"losses": ["dense1 loses two bits."]})
    estimate = replace(known.estimate, unmodelled=("gru",))
    card = _texts(design(program), estimate=estimate)["CARD.md"]
    assert "* Trained on simulated events only." in card
    assert "* No AMD tool has been run on this bundle" in card
    assert "no model of layer gru" in card
    assert "* Not the same as the trained network: dense1 loses two bits." in card


def test_the_card_of_a_model_of_which_nothing_is_known():
    one = design(ALL["several"]().program)
    nothing = replace(facts(one).origin, weights="", recipe="", sample="", revision="", command="", recipe_content={})
    card = _texts(one, performance=(), thresholds=(), limits=(), origin=nothing)["CARD.md"]
    assert card.count("not recorded") == 4
    assert "* No AMD tool has been run on this bundle" in card
    assert card.count("None was recorded.") + card.count("None were recorded.") == 2
    assert "no command was recorded" in card


def test_a_recipe_that_json_cannot_hold_is_refused():
    one = design()
    origin = replace(facts(one).origin, recipe_content={"hardware": {"clock_period": float("inf")}})
    with pytest.raises(HandoffError, match=re.escape("'hardware.clock_period' is inf")):
        _texts(one, origin=origin)


@pytest.mark.parametrize("hardware", [{"strategy": "distributed_arithmetic"}, {"layers": {"dense1": "layer"}}])
def test_da4ml_is_named_where_it_generates_code(hardware):
    if "layers" in hardware:
        hardware = {"layers": {"dense1": LayerSpec(strategy="distributed_arithmetic")}}
    assert "da4ml" in _texts(design(**hardware))["LICENCES.md"]
    assert "da4ml" not in _texts(design())["LICENCES.md"]


def test_the_licence_is_the_repository_s():
    assert document_files(design(), facts(design()), 1)["LICENSE"] == (ROOT / "LICENSE").read_bytes()


def test_the_notices_of_amd_s_headers_are_as_told():
    found = find_spec("hls4ml")
    if found is None or found.origin is None:
        pytest.skip("hls4ml is not installed")
    folder = Path(found.origin).parent / "templates/vivado/ap_types"
    rows = [row for table in tables(_texts(design())["LICENCES.md"]) for row in table if "ap_types" in row[0]]
    seen = set()
    for named, owner, licence in rows:
        told = "none" if "no notice" in owner else "Apache License" if "Apache" in licence else "All rights reserved"
        for path in (path for pattern in re.findall(r"`([\w*./]+\.h)`", named) for path in folder.glob(pattern)):
            head = path.read_text()[:800]
            notices = [notice for notice in ("Apache License", "All rights reserved") if notice in head]
            assert notices[:1] == ([] if told == "none" else [told]), path.name
            seen.add(path)
    assert seen == set(folder.rglob("*.h"))
