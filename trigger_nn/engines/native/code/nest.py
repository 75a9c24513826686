"""The loops around a body, in LLVM's text: over positions, over panels of outputs if there are any, over tiles."""

from trigger_nn.engines.native.code.body import Body
from trigger_nn.engines.native.code.panels import Panels


def looped(body: Body, panels: Panels | None) -> list[str]:
    """A function's text around a body; see `Body` for the names that it finds."""
    loop, tile, last = body.loop, body.tile, body.block
    entered = panels.entered(body) if panels else []
    height = panels.height if panels else loop.outputs
    count = -(-loop.outputs // height) if panels else 1
    before = panels.writer.lines if panels else []
    ready = panels.block if panels else "panel"
    release = ["  call void @llvm.x86.tilerelease()"] if panels else []
    return [
        "entry:",
        *entered,
        "  br label %position",
        "position:",
        "  %q = phi i64 [ 0, %entry ], [ %q1, %done ]",
        f"  %q0 = mul i64 %q, {loop.outputs}",
        "  br label %panel",
        "panel:",
        "  %p = phi i64 [ 0, %position ], [ %p1, %filled ]",
        f"  %p0 = mul i64 %p, {height}",
        f"  %first = call i64 @llvm.umin.i64(i64 %p0, i64 {loop.outputs - height})",
        *before,
        "  br label %tile",
        "tile:",
        f"  %t = phi i64 [ 0, %{ready} ], [ %t1, %{last} ]",
        f"  %f0 = mul i64 %t, {tile}",
        f"  %f1 = call i64 @llvm.umin.i64(i64 %f0, i64 {height - tile})",
        "  %f = add i64 %first, %f1",
        "  %e = add i64 %q0, %f",
        *body.writer.lines,
        "  %t1 = add nuw nsw i64 %t, 1",
        f"  %t2 = icmp ult i64 %t1, {-(-height // tile)}",
        "  br i1 %t2, label %tile, label %filled",
        "filled:",
        "  %p1 = add nuw nsw i64 %p, 1",
        f"  %p2 = icmp ult i64 %p1, {count}",
        "  br i1 %p2, label %panel, label %done",
        "done:",
        "  %q1 = add nuw nsw i64 %q, 1",
        f"  %q2 = icmp ult i64 %q1, {loop.positions}",
        "  br i1 %q2, label %position, label %end",
        "end:",
        *release,
        "  ret void",
    ]
