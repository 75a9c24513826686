"""A plain simulator, cycle by cycle, that shares no code with the one in trigger_nn; and random small graphs."""

from dataclasses import dataclass, field

from hypothesis import strategies as st

from trigger_nn.hardware.streaming.tokens import Access, Actor, Edge, Phase, TokenGraph

PATIENCE = 200  # cycles in which nothing happens after which nothing ever will


@dataclass
class Told:
    """What happened: the cycle in which each event was done, the most packs each FIFO held, whether it got stuck."""

    done: list[int] = field(default_factory=list)
    most: dict[str, int] = field(default_factory=dict)
    stuck: bool = False


def timetable(actor):
    """For each cycle of an event in which it reads or writes: the FIFOs it reads, and those it writes."""
    table, start = {}, 0
    for phase in actor.phases:
        for trip in range(phase.trips):
            for names, accesses, side in ((actor.inputs, phase.reads, 0), (actor.outputs, phase.writes, 1)):
                for access in accesses:
                    if access.iterations is None or trip in access.iterations:
                        cycle = start + phase.turn + trip * phase.interval + access.cycle
                        table.setdefault(cycle, ([], []))[side].append(names[access.port])
        start += phase.turn + (phase.trips - 1) * phase.interval + phase.latency + phase.turn
    return table, start


def simulate(graph, depths, events, pace):
    """Every cycle, every actor: it goes on if its next cycle needs nothing, or what it needs is there."""
    tables = {actor.name: timetable(actor) for actor in graph.actors}
    clocks = {actor.name: 0 for actor in graph.actors}
    written = {edge.name: 0 for edge in graph.edges}
    read = {edge.name: 0 for edge in graph.edges}
    ends = {edge.name: [] for edge in graph.edges if edge.consumer == ""}
    told, cycle, quiet = Told(most=dict.fromkeys(written, 0)), 0, 0
    while quiet < PATIENCE + pace:
        before = dict(written), dict(read)
        moved = False
        for actor in graph.actors:
            table, length = tables[actor.name]
            clock = clocks[actor.name]
            if clock >= events * length:
                continue
            if not actor.inputs and clock % length == 0 and cycle < clock // length * pace:
                continue
            reads, writes = table.get(clock % length, ([], []))
            if any(before[0][name] - before[1][name] < 1 for name in reads):
                continue
            if any(name in depths and before[0][name] - before[1][name] >= depths[name] for name in writes):
                continue
            clocks[actor.name] += 1
            moved = moved or bool(reads or writes) or clocks[actor.name] < events * length
            for name in reads:
                read[name] += 1
            for name in writes:
                written[name] += 1
                told.most[name] = max(told.most[name], written[name] - before[1][name])
                if name in ends:
                    ends[name].append(cycle)
        quiet = 0 if moved else quiet + 1
        cycle += 1
    sizes = {edge.name: edge.tokens for edge in graph.edges}
    whole = min(len(cycles) // sizes[name] for name, cycles in ends.items())
    told.done = [max(cycles[(e + 1) * sizes[name] - 1] for name, cycles in ends.items()) for e in range(whole)]
    told.stuck = whole < events
    return told


@st.composite
def graphs(draw):
    """Up to five actors behind one or two senders, each with one or two loops that read and write as they like."""
    small = st.integers(1, 4)
    actors, edges, open_edges = [], [], []
    for number in range(draw(st.integers(1, 2))):
        name, tokens = f"in{number}", draw(st.integers(1, 5))
        actors.append(Actor(name, "input", (Phase(tokens, 1, 1, (), (Access(),)),), (), (name,)))
        open_edges.append((name, name, tokens))
    for number in range(draw(st.integers(1, 5))):
        name = f"a{number}"
        order = draw(st.permutations(range(len(open_edges))))
        taken = [open_edges[index] for index in order[: draw(st.integers(1, 2))]]
        open_edges = [edge for edge in open_edges if edge not in taken]
        made = [(f"{name}_{port}", name, draw(st.integers(1, 5))) for port in range(draw(st.integers(1, 2)))]
        loops = draw(_loops([edge[2] for edge in taken], [edge[2] for edge in made]))
        actors.append(Actor(name, "any", loops, tuple(e[0] for e in taken), tuple(e[0] for e in made)))
        for fifo, producer, tokens in taken:
            given = None if producer.startswith("in") else draw(st.integers(1, tokens))
            edges.append(Edge(fifo, producer, name, draw(small), tokens, given))
        open_edges += made
    used = [edge for edge in open_edges if not edge[1].startswith("in")]
    edges += [Edge(fifo, producer, "", 1, tokens, None) for fifo, producer, tokens in used]
    read = {edge.producer for edge in edges}
    return TokenGraph(tuple(actor for actor in actors if actor.name in read), tuple(edges))


@st.composite
def _loops(draw, reads, writes):
    count = draw(st.integers(1, 2))
    parts = [[_split(draw, tokens, count) for tokens in side] for side in (reads, writes)]
    phases = []
    for index in range(count):
        most = max(part[index] for side in parts for part in side)
        trips = draw(st.integers(max(most, 1), most + 2))
        latency = draw(st.integers(1, 4))
        accesses = [
            tuple(_access(draw, port, part[index], trips, latency) for port, part in enumerate(side) if part[index])
            for side in parts
        ]
        phases.append(Phase(trips, draw(st.integers(1, 3)), latency, *accesses, turn=draw(st.integers(0, 1))))
    return tuple(phases)


def _split(draw, tokens, count):
    first = draw(st.integers(0, tokens)) if count == 2 else tokens
    return [first, tokens - first][:count]


def _access(draw, port, tokens, trips, latency):
    cycle = draw(st.integers(0, latency - 1))
    if tokens == trips and draw(st.booleans()):
        return Access(port, cycle)
    which = draw(st.permutations(range(trips)))[:tokens]
    return Access(port, cycle, tuple(sorted(which)))
