"""Blocks that are built once for all tests."""

import pytest

from tests.hardware.simulation import blocks
from trigger_nn.hardware.simulation.model import built


@pytest.fixture(scope="package")
def right(gxx):
    """The block that multiplies and adds, built."""
    with built(blocks.multiply_add()) as model:
        yield model


@pytest.fixture(scope="package")
def wrong(gxx):
    """The same with one bit of one constant altered, under the same name."""
    with built(blocks.multiply_add("64'sd5", "64'sd4")) as model:
        yield model
