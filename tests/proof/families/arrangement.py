"""Layers without weights that move, pick or merge values."""

from tests.proof.sketch import Sketch, Tensor


def pooling(sketch: Sketch, x: Tensor) -> Tensor:
    """Max and average pooling, with padding, and global pooling."""
    dimension = x.rank - 1
    what = sketch.pick("Max", "Average")
    if sketch.chance(0.3):
        return sketch.add(f"Global{what}Pooling{dimension}D", {"keepdims": sketch.chance(0.3)}, x)
    pool = [sketch.upto(1, min(3, length)) for length in x.shape[:dimension]]
    strides = [sketch.pick(length, length, 1, 2) for length in pool]
    args = {"pool_size": pool, "strides": strides, "padding": sketch.pick("valid", "valid", "same")}
    if sketch.io_type == "io_stream" and sketch.chance(0.95):
        # hls4ml 1.3.0 asserts that streams are not padded, and that windows of an average don't overlap.
        args |= {"padding": "valid", "strides": args["pool_size"] if what == "Average" else args["strides"]}
    if dimension == 1:
        args |= {"pool_size": pool[0], "strides": strides[0]}
    return sketch.add(f"{what}Pooling{dimension}D", args, x)


def padding(sketch: Sketch, x: Tensor) -> Tensor:
    """Zero padding, cropping, up-sampling."""
    sides = [[sketch.upto(0, 2), sketch.upto(0, 2)] for _ in range(x.rank - 1)]
    cuts = [[sketch.upto(0, 1), sketch.upto(0, length > 2)] for length in x.shape[:-1]]
    factors = [sketch.upto(1, 2) for _ in range(x.rank - 1)]
    dimension = x.rank - 1
    kind, args = sketch.pick(
        (f"ZeroPadding{dimension}D", {"padding": sides if dimension == 2 else sides[0]}),
        (f"Cropping{dimension}D", {"cropping": cuts if dimension == 2 else cuts[0]}),
        (f"UpSampling{dimension}D", {"size": factors if dimension == 2 else factors[0]}),
    )
    return sketch.add(kind, args, x)


def reshaping(sketch: Sketch, x: Tensor) -> Tensor:
    """Reshape, Flatten, Permute; on an input alone, hls4ml 1.3.0 writes a function that has the same argument twice."""
    if not sketch.layers and sketch.chance(0.97):
        x = sketch.add("Activation", {"activation": sketch.pick("relu", "tanh")}, x)
    if x.rank == 1:
        return sketch.add("Reshape", {"target_shape": _shape_of(sketch, x.size)}, x)
    kind = sketch.pick("Flatten", "Reshape", "Permute", "Permute")
    if kind == "Reshape":
        return sketch.add(kind, {"target_shape": _shape_of(sketch, x.size)}, x)
    if kind == "Permute":
        axes = list(range(1, x.rank + 1))
        sketch.rng.shuffle(axes)
        return sketch.add(kind, {"dims": axes}, x)
    return sketch.add(kind, {}, x)


def merging(sketch: Sketch, x: Tensor) -> Tensor:
    """Two branches of a shared tensor, or a second input, merged."""
    if sketch.io_type == "io_stream" and sketch.layers and sketch.layers[-1].kind in ("Flatten", "Reshape"):
        x = sketch.add("Dense", {"units": sketch.upto(1, 4)}, x)  # streams merge only what is packed alike
    other = _branch(sketch, x) if sketch.chance(0.6) else sketch.input(x.shape)
    kind = sketch.pick("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum", "Concatenate", "Dot")
    if kind == "Dot":
        kind, args = ("Dot", {"axes": 1}) if x.rank == 1 else ("Add", {})
    else:
        args = {}
    if kind == "Concatenate":
        axes = [-1] if sketch.io_type == "io_stream" else [-1, *range(1, x.rank + 1)]
        args = {"axis": sketch.pick(*axes)}
    return sketch.add(kind, args, *sketch.pick((x, other), (other, x)))


def _branch(sketch: Sketch, x: Tensor) -> Tensor:
    """Another tensor of the same shape, made from `x`."""
    if x.rank == 1 and sketch.chance(0.6):
        return sketch.add("Dense", {"units": x.shape[0]}, x)
    if sketch.chance(0.3):
        return sketch.add("BatchNormalization", {}, x)
    return sketch.add("Activation", {"activation": sketch.pick("relu", "tanh", "linear")}, x)


def _shape_of(sketch: Sketch, size: int) -> list[int]:
    """A shape with `size` elements and one to three axes."""
    shape: list[int] = []
    for _ in range(sketch.upto(0, 2)):
        divisor = sketch.pick(*[number for number in range(1, size + 1) if size % number == 0])
        shape.append(divisor)
        size //= divisor
    return [*shape, size]
