"""Rates of single layers counted by hand, whole programs, and what is refused."""

import time

import numpy as np
import pytest

from trigger_nn.errors import RecipeError, UnsupportedLayerError
from trigger_nn.hardware.streaming.analyse import simulate, stream
from trigger_nn.hardware.streaming.build import token_graph
from trigger_nn.hardware.streaming.clock import Clock, Rate
from trigger_nn.program.fixed import Fixed
from trigger_nn.program.operations import (
    Constant,
    Conv2D,
    Dense,
    Dot,
    MaxPool2D,
    Merge,
    MergeKind,
    Rearrange,
    Relu,
    Reshape,
    Strategy,
    Window,
)
from trigger_nn.program.program import Port, Program
from trigger_nn.recipe import HardwareSpec

KIND = Fixed(True, 8, 4)
STREAM = HardwareSpec(io_type="io_stream")
RNG = np.random.default_rng(7)


def constant(*shape):
    return Constant(RNG.integers(-15, 16, shape), KIND)


def conv(name, source, shape, filters, size=3, reuse=1, strategy=Strategy.LATENCY):
    weights, window = (size, size, shape[2], filters), Window(size=(size, size), stride=(1, 1), padding=(0,) * 4)
    made = (shape[0] - size + 1, shape[1] - size + 1, filters)
    return Conv2D(
        name=name, inputs=(source,), shape=made, type=KIND, weights=constant(*weights), bias=constant(filters),
        accumulator=KIND, reuse_factor=reuse, strategy=strategy, window=window, partitions=1,
    )  # fmt: skip


def pad(name, source, shape):
    made = (shape[0] + 2, shape[1] + 2, shape[2])
    return Rearrange(name=name, inputs=(source,), shape=made, type=KIND, padding=((1, 1), (1, 1), (0, 0)))


def relu(name, source, shape):
    return Relu(name=name, inputs=(source,), shape=shape, type=KIND)


def pool(name, source, shape):
    window = Window(size=(2, 2), stride=(2, 2), padding=(0,) * 4)
    made = (shape[0] // 2, shape[1] // 2, shape[2])
    return MaxPool2D(name=name, inputs=(source,), shape=made, type=KIND, window=window, accumulator=KIND, fill=0)


def add(name, *sources, shape):
    return Merge(name=name, inputs=sources, shape=shape, type=KIND, kind=MergeKind.ADD)


def dense(name, source, inputs, outputs, **more):
    fields = {"reuse_factor": 1} | more
    return Dense(
        name=name, inputs=(source,), shape=(outputs,), type=KIND, weights=constant(inputs, outputs),
        bias=constant(outputs), accumulator=KIND, **fields,
    )  # fmt: skip


def program(shape, *operations):
    return Program("net", (Port("image", shape, KIND),), operations, (operations[-1].name,))


def event_image():
    """A residual network on calorimeter towers, 56 x 72."""
    operations, shape, last = [], (56, 72, 1), "image"
    for number, filters in enumerate((8, 16, 16)):
        operations.append(pad(f"z{number}", last, shape))
        operations.append(conv(f"c{number}", f"z{number}", operations[-1].shape, filters))
        shape, last = (*shape[:2], filters), f"r{number}"
        operations.append(relu(last, f"c{number}", shape))
        if number:
            operations.append(pad(f"y{number}", last, shape))
            operations.append(conv(f"d{number}", f"y{number}", operations[-1].shape, filters))
            operations.append(add(f"m{number}", last, f"d{number}", shape=shape))
            last = f"m{number}"
        operations.append(pool(f"p{number}", last, shape))
        shape, last = operations[-1].shape, f"p{number}"
    size = int(np.prod(shape))
    operations.append(Reshape(name="flat", inputs=(last,), shape=(size,), type=KIND))
    return program((56, 72, 1), *operations, dense("out", "flat", size, 2))


def cycles(graph):
    return {actor.name: actor.cycles for actor in graph.actors}


def test_loops_counted_by_hand():
    made = program(
        (6, 5, 2), pad("z", "image", (6, 5, 2)), conv("c", "z", (8, 7, 2), 3, reuse=4), relu("r", "c", (6, 5, 3)),
        pool("p", "r", (6, 5, 3)),
    )  # fmt: skip
    found = cycles(token_graph(made, STREAM, {"c": Rate(4, 9), "p": Rate(1, 3), "r": Rate(1, 2)}))
    # Padding: two rows of 7 zeros, 6 rows of a zero, 5 pixels and a zero; 2 cycles more for each loop of several trips.
    assert found["z"] == 2 * (7 + 2) + 6 * (1 + 5 + 2 + 1)
    # 56 pixels every 4 cycles, the last takes 9; 30 pixels every cycle, the last takes 2, or 3; 2 for each loop.
    assert found["c"] == 55 * 4 + 9 + 2
    assert found["r"] == 29 + 2 + 2
    assert found["p"] == 29 + 3 + 2
    assert found["image"] == 30


def test_shared_multipliers_take_pixel_after_pixel():
    """5 x 4 pixels of which 2 x 3 rows and columns complete a 3 x 3 window, with 6 cycles of reuse."""
    layer = conv("c", "image", (4, 5, 1), 2, reuse=3, strategy=Strategy.RESOURCE)
    graph = token_graph(program((4, 5, 1), layer), STREAM)
    script = graph.scripts["c"]
    (reads,), (writes,) = ([script.steps[index] for index in side] for side in (script.reads, script.writes))
    full = [row * 5 + column for row in (2, 3) for column in (2, 3, 4)]
    # A product of two variables, 9 / 3 = 3 of them added in 2 levels, one more adder: 7 levels, 4 of them a cycle.
    each = 2 + (3 - 1) + 2 + 2
    expected = np.cumsum([1] + [each if pixel in full else 2 for pixel in range(20)])
    assert reads.tolist() == expected[:-1].tolist()
    assert writes.tolist() == [expected[pixel + 1] - 1 for pixel in full]
    assert script.cycles == expected[-1] + 1


def test_a_chain_by_hand():
    """Four packs, an activation, a dense layer: filled, summed, written."""
    made = program(
        (4, 2),
        relu("r", "image", (4, 2)),
        Reshape(name="f", inputs=("r",), shape=(8,), type=KIND),
        dense("d", "f", 8, 3),
    )
    found = stream(made, STREAM, rates={"r": Rate(1, 2), "d": Rate(1, 6)})
    # The relu: its loop entered, 4 packs, each written a cycle after it was read; the dense layer reads each a cycle
    # after that, leaves its loop, takes 6 cycles.
    assert found.latency == 1 + 4 + 1 + 1 + 1 + 6
    assert found.interval == (1 + 4 + 1) + 6
    assert found.bottleneck == "d"
    (fifo,) = found.fifos
    assert (fifo.name, fifo.consumer, fifo.width, fifo.given, fifo.tokens) == ("r", "d", 16, 4, 4)


def test_a_faster_clock_takes_more_cycles():
    layers = program((16,), dense("d", "image", 16, 8))
    slow, fast = (stream(layers, HardwareSpec(io_type="io_stream", clock_period=period)).latency for period in (5, 2))
    assert fast > slow
    assert Clock.of(STREAM).levels == 4  # 73 % of 5 ns, 0.9 ns each


def test_an_event_image_is_simulated_in_two_seconds():
    made = event_image()
    start = time.process_time()
    found = stream(made, STREAM)
    assert time.process_time() - start < 2
    assert found.bottleneck == "z0"
    skip = next(fifo for fifo in found.fifos if fifo.name == "clone_r1_cpy2")
    # The branch beside it gives its first pixel when two rows of 38 and three pixels of the padded image are in: that
    # is one row of 36 and two pixels of the image, at least.
    assert skip.consumer == "m1"
    assert 36 + 2 < skip.needed < 2 * 36
    assert all(fifo.needed <= fifo.given for fifo in found.fifos)


def test_a_branch_that_is_too_short_stops_the_design():
    graph = token_graph(event_image(), STREAM)
    found = simulate(graph, {"clone_r1_cpy2": 20}, events=2)
    assert "FIFO clone_r1_cpy2 is full with 20" in found.deadlock
    ((name, depth),) = found.cure
    assert simulate(graph, {name: depth}, events=2).deadlock is None
    assert simulate(graph, {name: depth - 1}, events=2).deadlock is not None


def test_io_parallel_has_no_fifos():
    with pytest.raises(
        RecipeError, match=r"compiled for io_parallel, which has no FIFOs; compile it with hardware.io_t"
    ):
        stream(program((4,), relu("r", "image", (4,))), HardwareSpec())


def test_unknown_names_are_refused():
    made = program((4,), relu("r", "image", (4,)), relu("s", "r", (4,)))
    with pytest.raises(RecipeError, match=r"A depth is given for 'layer2_out', which is no FIFO.*; its FIFOs: r."):
        stream(made, STREAM, {"layer2_out": 3})
    with pytest.raises(RecipeError, match="FIFO 'r' is given a depth of 0; give it 1 or more"):
        stream(made, STREAM, {"r": 0})
    with pytest.raises(RecipeError, match=r"A rate is given for 'x', which is no layer of 'net'; its layers: r, s."):
        stream(made, STREAM, rates={"x": Rate(1, 1)})
    with pytest.raises(RecipeError, match="give an interval and a latency of 1 cycle or more"):
        Rate(0, 3)


def test_layers_without_a_template_are_refused_by_name():
    dot = Dot(name="product", inputs=("image", "image"), shape=(1,), type=KIND, accumulator=KIND)
    with pytest.raises(UnsupportedLayerError, match=r"Layer 'product' \(Dot\) has no rate in io_stream"):
        stream(program((4,), dot), STREAM)


def test_packs_that_never_come_are_refused():
    """Vitis has no broadcast for streams: the C++ would read the small input as often as the large one."""
    made = program((4, 4, 2), conv("c", "image", (4, 4, 2), 2, size=4), add("m", "image", "c", shape=(4, 4, 2)))
    with pytest.raises(
        UnsupportedLayerError, match="Layer 'm' moves 16 packs through FIFO 'c', which holds 1 an event"
    ):
        stream(made, STREAM)
