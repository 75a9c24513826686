"""The parts of trigger boards: names, inventories, regions."""

import pytest

from trigger_nn.errors import RecipeError
from trigger_nn.hardware.parts import BOARDS, DEVICES, device_of


def test_devices_by_part_number():
    assert device_of("xc7vx690tffg1927-2").name == "xc7vx690t"
    assert {device_of(f"{d.name}-flga2104-2L-e").name for d in DEVICES} == {d.name for d in DEVICES}
    for wrong in ("xcvu13", "vu13p", "xcvu13p", "xcvu13pp-flga2577-2-e", "EP4CE22"):
        with pytest.raises(RecipeError, match="unknown part"):
            device_of(wrong)


def test_inventories_agree_with_the_dies_they_are_made_of():
    """AMD's tables: two flip-flops a LUT everywhere; VU7P and VU9P are two and three VU3P."""
    known = {device.name: device for device in DEVICES}
    assert all(device.ff == 2 * device.lut for device in DEVICES)
    for name, count in (("xcvu7p", 2), ("xcvu9p", 3)):
        for resource in ("lut", "ff", "dsp", "bram", "uram"):
            assert getattr(known[name], resource) == count * getattr(known["xcvu3p"], resource)
            assert known[name].of_slr(resource) == getattr(known["xcvu3p"], resource)
        assert known[name].slrs == count
    for name, logic in (("xcvu35p", 1), ("xcvu37p", 2)):  # a die with HBM beside dies as VU13P's
        assert known[name].lut == 439_680 + logic * known["xcvu13p"].of_slr("lut")
        assert known[name].dsp == 2_880 + logic * known["xcvu13p"].of_slr("dsp")


def test_boards_carry_known_devices():
    assert {board.device for board in BOARDS} <= {device.name for device in DEVICES}
    assert all(board.source for board in BOARDS)
