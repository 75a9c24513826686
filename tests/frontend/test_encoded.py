"""The instructions of encoded convolutions, as hls4ml 1.3.0 generates them for Vivado: which of them are right."""

from types import SimpleNamespace

import pytest

from trigger_nn.frontend.lowering.encoded import is_plain


def sequence(steps, size, stride, least, instructions):
    """A stand-in for hls4ml's Conv1D layer."""
    attributes = {
        "in_width": steps, "filt_width": size, "stride_width": stride, "min_width": least,
        "instructions": ",".join(str(number) for number in instructions),
    }  # fmt: skip
    output = SimpleNamespace(shape=[(steps - size) // stride + 1, 1])
    return SimpleNamespace(
        class_name="Conv1D", get_attr=lambda name, default=None: attributes.get(name, default),
        get_output_variable=lambda: output,
    )  # fmt: skip


def image(side, size, instructions):
    """A stand-in for hls4ml's Conv2D layer with stride 1 over a square."""
    least = 2 * size - 1
    attributes = {"in_height": side, "in_width": side, "min_height": least, "min_width": least}
    attributes |= {"filt_height": size, "filt_width": size, "stride_height": 1, "stride_width": 1}
    attributes["instructions"] = ",".join(str(number) for number in instructions)
    output = SimpleNamespace(shape=[side - size + 1, side - size + 1, 1])
    return SimpleNamespace(
        class_name="Conv2D", get_attr=lambda name, default=None: attributes.get(name, default),
        get_output_variable=lambda: output,
    )  # fmt: skip


@pytest.mark.parametrize("steps", [5, 8, 11])
def test_windows_of_three_steps(steps):
    assert is_plain(sequence(steps, 3, 1, 5, [1, 3, 7, 6, 4]))


def test_a_step_that_no_window_takes_is_not_always_left_out():
    assert is_plain(sequence(8, 3, 2, 6, [1, 2, 5, 2, 4, 0]))
    assert not is_plain(sequence(4, 3, 2, 5, [1, 2, 4, 0, 0]))


def test_instructions_beyond_the_table_are_not_read():
    assert not is_plain(sequence(4, 2, 4, 5, [1, 2, 0, 0, 0]))


def test_an_instruction_changed_is_noticed():
    assert not is_plain(sequence(8, 3, 1, 5, [1, 3, 3, 6, 4]))


def test_windows_over_an_image():
    right = [1, 3, 2, 5, 15, 10, 4, 12, 8]
    assert is_plain(image(5, 2, right))
    assert not is_plain(image(5, 2, [*right[:-1], 4]))
