"""Each text format: after its specification, there and back, and what is malformed."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.strategies import fixed_types, mantissas
from trigger_nn.errors import HandoffError
from trigger_nn.handoff.vectors.bits import from_bits, from_words, pack, size, to_bits, to_words, unpack
from trigger_nn.handoff.vectors.decimal_text import dat_text, exact_decimal, read_dat
from trigger_nn.handoff.vectors.hexadecimal import hex_text, read_hex
from trigger_nn.handoff.vectors.memory import mem_text, read_mem
from trigger_nn.program.fixed import Fixed
from trigger_nn.program.program import Port

FIVE = Port("five", (3,), Fixed(True, 5, 2))
VALUES = np.array([[-16, -1, 15], [0, 3, -8]])


@st.composite
def ports_and_events(draw, max_width=128, most=3):
    events, ports, values = draw(st.integers(1, 4)), [], {}
    for number in range(draw(st.integers(1, most))):
        shape = tuple(draw(st.lists(st.integers(1, 3), min_size=1, max_size=3)))
        port = Port(f"p{number}", shape, draw(fixed_types(max_width)))
        ports.append(port)
        values[port.name] = draw(mantissas(port.type, (events, *shape)))
    return tuple(ports), values


def equal(found, values):
    assert list(found) == list(values)
    return all(found[name].shape == x.shape and np.array_equal(found[name], x) for name, x in values.items())


@given(ports_and_events())
def test_every_format_gives_back_what_was_written(case):
    ports, values = case
    assert equal(read_dat(dat_text(ports, values).decode(), ports), values)
    assert equal({p.name: read_hex(hex_text(p, values[p.name]).decode(), p) for p in ports}, values)
    assert equal({p.name: read_mem(mem_text(p, values[p.name]).decode(), p) for p in ports}, values)
    words = -(-size(ports) // 64) + 1
    assert equal(unpack(ports, from_words(to_words(pack(ports, values), words))), values)
    assert equal({p.name: from_bits(p, to_bits(p, values[p.name])) for p in ports}, values)


@given(st.data())
def test_decimals_cast_to_the_same_mantissas(data):
    kind = data.draw(fixed_types(53))
    port = Port("x", (4,), kind, whole=kind.fraction == 0)
    values = np.maximum(data.draw(mantissas(kind, (3, 4))), kind.lowest)
    numbers = np.array([line.split() for line in dat_text((port,), {"x": values}).decode().splitlines()], np.float64)
    assert np.array_equal(port.cast(numbers), values)


@given(st.integers(-(1 << 130), 1 << 130), st.integers(-20, 140))
def test_decimals_have_every_digit(mantissa, fraction):
    text = exact_decimal(mantissa, fraction)
    assert Fraction(text) == Fraction(mantissa) / Fraction(2) ** fraction
    assert "." not in text or text[-1] != "0"


def test_hexadecimal_after_the_contract():
    assert hex_text(FIVE, VALUES) == b"10 1f 0f\n00 03 18\n"
    assert np.array_equal(read_hex("10 1F 0f\r\n00 03 18\n\n", FIVE), VALUES)
    wide = Port("wide", (), Fixed(False, 65, 65))
    assert hex_text(wide, np.array([1 << 64, 5], object)) == b"10000000000000000\n00000000000000005\n"


def test_memory_words_have_element_0_lowest():
    text = mem_text(FIVE, VALUES).decode()
    assert text == (
        "// five: 15 bits a word, depth 2, element 0 in the least significant bits\n"
        f"{0b01111_11111_10000:04x}\n{0b11000_00011_00000:04x}\n"
    )
    simulated = "// 0x00000000\n@0\n3f_F0 // first\n\n@1 6060\n"
    assert np.array_equal(read_mem(simulated, FIVE), VALUES)


def test_decimals_after_hls4mls_bench():
    ports = (FIVE, Port("whole", (1,), Fixed(False, 4, 6)))
    values = {"five": VALUES, "whole": np.array([[15], [1]])}
    assert dat_text(ports, values) == b"-2 -0.125 1.875 60\n0 0.375 -1 4\n"


def test_decimals_with_fewer_digits_are_the_nearest_mantissa_if_there_is_one():
    port = Port("x", (1,), Fixed(True, 16, 4))
    assert read_dat("0.000244141\n-3.1416\n", (port,))["x"].tolist() == [[1], [-12868]]
    for ambiguous in ("0.3", "3.142", "0.00037"):
        with pytest.raises(HandoffError, match=f"line 1: {ambiguous} is no value of port 'x'"):
            read_dat(f"{ambiguous}\n", (port,))


@pytest.mark.parametrize(
    ("reader", "text", "says"),
    [
        (read_hex, "10 1f\n", "line 1: an event of port 'five' is 3 patterns, found 2"),
        (read_hex, "10 1f 0f\n\n00 03 18\n", "line 2: .* found 0"),
        (read_hex, "10 1f 0f\n00 3 18\n", "line 2: '3' is no bit pattern of 5 bits"),
        (read_hex, "10 1f 2f\n", "line 1: '2f' is no bit pattern"),
        (read_hex, "10 1f -1\n", "line 1: '-1' is no bit pattern"),
        (read_mem, "3ff0\n606x\n", "line 2: '606x' has bits that the simulation left undefined"),
        (read_mem, "@1\n3ff0\n", "line 1: the address '@1' is not the next one, @0"),
        (read_mem, "3ff0\n@zz\n", "line 2: the address '@zz'"),
        (read_mem, "8000\n", "line 1: '8000' is no hexadecimal word of 15 bits"),
        (read_mem, "12g4\n", "line 1: '12g4' is no hexadecimal word"),
    ],
)
def test_malformed_lines_are_named(reader, text, says):
    with pytest.raises(HandoffError, match=f"^the file, {says}"):
        reader(text, FIVE)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("0 0\n", "line 1: an event is 3 numbers, found 2"),
        ("0 0 0\n0 one 0\n", "line 2: 'one' is no number"),
        ("0 nan 0\n", "line 1: 'nan' is no number"),
        ("0 1e999999999 0\n", "line 1: '1e999999999' is no number"),
        ("0 0 2\n", "line 1: 2 is no value of port 'five'"),
        ("0 0 0.0625\n", "line 1: 0.0625 is no value of port 'five'"),
    ],
)
def test_malformed_numbers_are_named(text, says):
    with pytest.raises(HandoffError, match=f"^the file, {says}"):
        read_dat(text, (FIVE,))
