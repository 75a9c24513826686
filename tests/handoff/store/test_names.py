"""What versions, names and channels may be called."""

import pytest

from trigger_nn.errors import HandoffError
from trigger_nn.handoff.store.names import Version, channel_named, is_digest, is_version, named


@pytest.mark.parametrize(
    ("text", "told"),
    [("1", "1"), ("v1.2.3", "1.2.3"), ("2025.1.31", "2025.1.31"), ("1.02", "1.2"), ("v2.0rc1", "2.0rc1"), ("0", "0")],
)
def test_versions(text, told):
    assert str(Version.parse(text)) == told


@pytest.mark.parametrize(
    "text",
    ["", "v", "1.", ".1", "1..2", "1.2.3.4.5", "1.2-3", "latest", "1.0rc", "1.0RC1", "V1", "1.0\n", " 1", "1/2", "../1",
     "٣", "1.0.dev1", "1!2", "1.0+local", "1" * 10],
)  # fmt: skip
def test_what_is_no_version(text):
    assert not is_version(text)
    with pytest.raises(HandoffError, match="is no version; give one to four numbers"):
        Version.parse(text)


def test_versions_are_ordered_as_numbers_not_as_text():
    texts = ["0.9", "1.0a1", "1.0a2", "1.0b1", "1.0rc1", "1.0rc10", "1.0", "1.0.1", "1.2", "1.10", "2.0", "10"]
    assert sorted(texts[1::2] + texts[::2], key=lambda text: Version.parse(text).key) == texts


def test_the_same_version_written_otherwise():
    assert len({Version.parse(text).key for text in ("1.2", "v1.2", "1.2.0", "01.02.0.0")}) == 1
    assert Version.parse("1.2").key != Version.parse("1.2rc0").key


@pytest.mark.parametrize("text", ["", "../etc", "a/b", "a b", "1tiny", ".hidden", "tiny\n", "a" * 101, "é", "a-b"])
def test_what_is_no_name(text):
    with pytest.raises(HandoffError, match="is no name of a bundle"):
        named(text)


def test_names():
    assert named("jet_tagger") == "jet_tagger"
    assert channel_named("production") == "production"
    assert channel_named("run3-test") == "run3-test"


@pytest.mark.parametrize("text", ["", "v1", "deadbeef", "cafe0123abcd", "Production", "a/b", "1.0", "x\n", "-a"])
def test_a_channel_is_never_taken_for_something_else(text):
    with pytest.raises(HandoffError, match="is no name of a channel"):
        channel_named(text)


def test_digests():
    assert is_digest("0123abcd")
    assert not is_digest("0123abc")
    assert not is_digest("0123abcg")
