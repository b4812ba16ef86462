"""
The networks of references.py, by name, from [1, …] to [1, 3]: weights of a fixed seed, drawn in float32, so that their ONNX files hold them exactly.
Those in RECTIFIED bend at rectifiers only: whoever chooses the same slopes gets the same bounds. Those in CURVED each library bounds as it thinks best.
"""
import zlib

import torch
from auto_LiRPA.operators.gelu import GELUOp
from torch import nn
from torch.nn import functional as F


class Residual(nn.Module):
    """x + inner(x), or shortcut(x) + inner(x)."""

    def __init__(self, inner, shortcut=None):
        super().__init__()
        self.inner, self.shortcut = inner, shortcut or nn.Identity()

    def forward(self, x):
        return self.shortcut(x) + self.inner(x)


class Pair(nn.Module):
    """join(left(x), right(x))."""

    def __init__(self, left, right, join):
        super().__init__()
        self.left, self.right, self.join = left, right, join

    def forward(self, x):
        return self.join(self.left(x), self.right(x))


class Apply(nn.Module):
    """A function as a layer."""

    def __init__(self, f):
        super().__init__()
        self.f = f

    def forward(self, x):
        return self.f(x)


class Gelu(nn.Module):
    """auto_LiRPA bounds an operator of its own (`whole`), and not the Erf that PyTorch makes of it."""

    whole = False

    def forward(self, x):
        return GELUOp.apply(x) if Gelu.whole else F.gelu(x)


class Attention(nn.Module):
    """One head over 3 tokens of 2 numbers; the scores are not scaled."""

    def __init__(self):
        super().__init__()
        self.query, self.key, self.value = (nn.Linear(2, 2) for _ in range(3))

    def forward(self, x):
        weights = F.softmax(torch.matmul(self.query(x), self.key(x).transpose(1, 2)), dim=-1)
        return torch.matmul(weights, self.value(x))


def dense(*widths, bend=nn.ReLU):
    layers = []
    for n, m in zip(widths, widths[1:]):
        layers += [nn.Linear(n, m), bend()]
    return nn.Sequential(*layers[:-1])


def around(f):
    """Linear layers around a function of numbers."""
    return lambda: ((4,), dense(4, 6, 6, 3, bend=lambda: Apply(f)))


def image(*layers, features, shape=(1, 6, 6)):
    return shape, nn.Sequential(*layers, nn.Flatten(), nn.Linear(features, 3))


def residual_image():
    inner = nn.Sequential(nn.Conv2d(3, 3, 3, 1, 1), nn.ReLU(), nn.Conv2d(3, 4, 3, 2, 1))
    return image(nn.Conv2d(1, 3, 3, 1, 1), nn.ReLU(), Residual(inner, nn.Conv2d(3, 4, 1, 2)), nn.ReLU(), features=36)


def branches():
    """Two branches of unlike slopes side by side, and what is left of them after a cut."""
    left, right = nn.Sequential(nn.Linear(4, 5), nn.ReLU()), nn.Sequential(nn.Linear(4, 5), nn.LeakyReLU(0.25))
    pair = Pair(left, right, lambda a, b: torch.cat([a - b, -a, 0.5 * b], 1)[:, 1:14])
    return (4,), nn.Sequential(pair, nn.Linear(13, 6), nn.ReLU(), nn.Linear(6, 3))


def joined(join):
    """A function of two dense layers."""
    return lambda: ((4,), nn.Sequential(Pair(dense(4, 6, 5), nn.Linear(4, 5), join), nn.Linear(5, 3)))


RECTIFIED = {
    "dense-2": lambda: ((4,), dense(4, 8, 3)),
    "dense-3": lambda: ((4,), dense(4, 8, 8, 3)),
    "dense-4": lambda: ((5,), dense(5, 10, 10, 10, 3)),
    "convolution": lambda: image(nn.Conv2d(1, 3, 3, 2, 1), nn.ReLU(), nn.Conv2d(3, 4, 2, 1, 1), nn.ReLU(), features=64),
    "grouped": lambda: image(
        nn.Conv2d(2, 4, 3, 1, 2, dilation=2, groups=2), nn.ReLU(), nn.Conv2d(4, 3, (2, 3), (2, 1), (1, 0)), nn.ReLU(), features=27, shape=(2, 5, 5)
    ),
    "residual": lambda: (
        (4,), nn.Sequential(nn.Linear(4, 6), *(Residual(nn.Sequential(nn.ReLU(), nn.Linear(6, 6))) for _ in range(3)), nn.ReLU(), nn.Linear(6, 3))
    ),
    "residual-image": residual_image,
    "leaky": lambda: (
        (4,), nn.Sequential(nn.Linear(4, 8), nn.LeakyReLU(0.125), nn.Linear(8, 8), nn.LeakyReLU(0.25), nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 3))
    ),
    "normalised": lambda: image(
        nn.Conv2d(1, 3, 3, 2, 1), nn.BatchNorm2d(3, 2**-10), nn.ReLU(),
        nn.Conv2d(3, 3, 3, 1, 1, bias=False), nn.BatchNorm2d(3, 2**-10), nn.ReLU(), features=27,
    ),  # fmt: skip
    "branches": branches,
    "average-pool": lambda: image(nn.Conv2d(1, 3, 3, 1, 1), nn.ReLU(), nn.AvgPool2d(2), nn.Conv2d(3, 3, 2, 1), nn.ReLU(), features=12),
}

CURVED = {
    "sigmoid": around(torch.sigmoid),
    "tanh": around(torch.tanh),
    "atan": around(torch.atan),
    "gelu": lambda: ((4,), dense(4, 6, 6, 3, bend=Gelu)),
    "sin": around(torch.sin),
    "cos": around(torch.cos),
    "exp": around(lambda x: torch.exp(0.5 * x)),
    "log": around(lambda x: torch.log(torch.relu(x) + 0.5)),
    "sqrt": around(lambda x: torch.sqrt(torch.abs(x) + 0.25)),
    "reciprocal": around(lambda x: 1 / (torch.relu(x) + 1)),
    "square": around(lambda x: 0.5 * x**2),
    "cube": around(lambda x: 0.25 * x**3),
    "abs": around(torch.abs),
    "clip": around(lambda x: torch.clamp(x, -1, 1)),
    "sigmoid-image": lambda: image(nn.Conv2d(1, 3, 3, 2, 1), nn.Sigmoid(), nn.Conv2d(3, 3, 2, 1, 1), nn.Tanh(), features=48),
    "max-pool": lambda: image(nn.Conv2d(1, 3, 3, 1, 1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(3, 3, 2, 1), nn.ReLU(), features=12),
    "softmax": lambda: ((4,), nn.Sequential(dense(4, 6, 5), nn.Softmax(1), nn.Linear(5, 3))),
    "mul": joined(torch.mul),
    "div": joined(lambda a, b: a / (torch.relu(b) + 1)),
    "max": joined(torch.maximum),
    "min": joined(torch.minimum),
    "attention": lambda: ((3, 2), nn.Sequential(Attention(), nn.Flatten(), nn.Linear(6, 3))),
}


def network(name):
    """The shape of a sample, and the network in float32: normal weights that keep numbers near 1, statistics that are not the identity's."""
    torch.manual_seed(zlib.crc32(name.encode()))
    shape, net = (RECTIFIED | CURVED)[name]()
    with torch.no_grad():
        for m in net.modules():
            if isinstance(m, (nn.Linear, nn.Conv2d)):
                m.weight.normal_(0, 1.4 / m.weight[0].numel() ** 0.5)
                if m.bias is not None:
                    m.bias.normal_(0, 0.3)
            if isinstance(m, nn.BatchNorm2d):
                m.weight.normal_(), m.bias.normal_(0, 0.3), m.running_mean.normal_(0, 0.3), m.running_var.uniform_(0.2, 2)
    return shape, net.eval()
