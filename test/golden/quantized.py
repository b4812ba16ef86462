"""A quantised ONNX model in PyTorch, where rounding can be differentiated: straight through, as torch.fake_quantize does."""
import torch
from onnx import numpy_helper
from torch import nn

F = torch.nn.functional


class Straight(torch.autograd.Function):
    """clamp(round(x/scale) + zero point); the gradient is the identity's where nothing was clamped, else zero."""

    # how near any number so far was to being rounded the other way, in steps
    margin = 0.5

    @staticmethod
    def forward(ctx, x, scale, zero, least, most):
        q = torch.round(x / scale) + zero
        Straight.margin = min(Straight.margin, (0.5 - (x / scale - torch.round(x / scale)).abs()).min().item())
        ctx.save_for_backward((q >= least) & (q <= most), scale)
        return q.clamp(least, most)

    @staticmethod
    def backward(ctx, dy):
        inside, scale = ctx.saved_tensors
        return dy * inside / scale, None, None, None, None


class Twin(nn.Module):
    """Runs the file's nodes one by one, in the precision of its input; whole numbers are kept as floats."""

    def __init__(self, model):
        super().__init__()
        self.nodes, self.output = model.graph.node, model.graph.output[0].name
        self.constants = {t.name: numpy_helper.to_array(t) for t in model.graph.initializer}

    def forward(self, x):
        values = {"x": x}

        def get(name):
            return values[name] if name in values else torch.from_numpy(self.constants[name].copy()).to(x.dtype)

        for node in self.nodes:
            a = {p.name: list(p.ints) if p.ints else p.f if p.type == 1 else p.i for p in node.attribute}
            v = [get(name) for name in node.input]
            along = lambda p, like: p if p.dim() == 0 else p.reshape([-1 if i == a.get("axis", 1) else 1 for i in range(like.dim())])  # noqa: E731
            if node.op_type == "QuantizeLinear":
                signed = self.constants[node.input[2]].dtype == "int8"
                y = Straight.apply(v[0], along(v[1], v[0]), along(v[2], v[0]), *((-128, 127) if signed else (0, 255)))
            elif node.op_type == "DequantizeLinear":
                y = (v[0] - along(v[2], v[0])) * along(v[1], v[0]) if len(v) > 2 else v[0] * along(v[1], v[0])
            elif node.op_type == "Conv":
                y = F.conv2d(*v, stride=a["strides"], padding=a["pads"][:2])
            elif node.op_type == "Relu":
                y = F.relu(v[0])
            elif node.op_type == "MaxPool":
                # equal numbers are common here: amax shares the gradient among them, max_pool2d would give it to the first
                y = v[0].unfold(2, a["kernel_shape"][0], a["strides"][0]).unfold(3, a["kernel_shape"][1], a["strides"][1]).amax((4, 5))
            elif node.op_type == "AveragePool":
                y = F.avg_pool2d(v[0], a["kernel_shape"], a["strides"])
            elif node.op_type == "Flatten":
                y = v[0].flatten(1)
            elif node.op_type == "Gemm":
                y = v[0] @ (v[1].T if a.get("transB") else v[1]) + v[2]
            else:
                raise NotImplementedError(node.op_type)
            values[node.output[0]] = y
        return values[self.output]
