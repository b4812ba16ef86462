"""
Training, gradients of gradients and schedules as PyTorch has them: test/golden/train.json.
  python3 test/golden/train.py        (torch)
"""
import json
import pathlib

import torch
from torch import nn

F = torch.nn.functional
torch.manual_seed(0)
torch.set_default_dtype(torch.float64)  # the reference is the more exact one
STEPS, BATCH, RATE = 10, 8, 0.05


class Maxout(nn.Module):
    def __init__(self, features, units, pieces):
        super().__init__()
        self.units, self.pieces = units, pieces
        self.weight = nn.Parameter(torch.randn(units * pieces, features) / features**0.5)
        self.bias = nn.Parameter(torch.randn(units * pieces) * 0.1)

    def forward(self, x):
        return F.linear(x, self.weight, self.bias).view(-1, self.pieces, self.units).amax(1)


NETS = {
    "mlp": lambda: nn.Sequential(nn.Flatten(), nn.Linear(36, 8), nn.ReLU(), nn.Linear(8, 5)),
    "tanh": lambda: nn.Sequential(nn.Flatten(), nn.Linear(36, 6), nn.Tanh(), nn.Linear(6, 5)),
    "conv": lambda: nn.Sequential(
        nn.Conv2d(1, 4, 3, 1, 1), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(4, 5, 3, 2, 1), nn.Flatten(), nn.LayerNorm(20), nn.Linear(20, 5)
    ),
    "transposed": lambda: nn.Sequential(nn.Conv2d(1, 3, 4, 2, 1), nn.LeakyReLU(0.2), nn.ConvTranspose2d(3, 2, 4, 2, 1), nn.Sigmoid(), nn.Flatten(), nn.Linear(72, 5)),
    "maxout": lambda: nn.Sequential(nn.Flatten(), Maxout(36, 4, 3), nn.Linear(4, 5)),
}
OPTIMIZERS = {
    "sgd": lambda p: torch.optim.SGD(p, RATE),
    "momentum": lambda p: torch.optim.SGD(p, RATE, momentum=0.9),
    "nesterov": lambda p: torch.optim.SGD(p, RATE, momentum=0.9, nesterov=True),
    "decayed": lambda p: torch.optim.SGD(p, RATE, momentum=0.9, weight_decay=0.1),
    "clipped": lambda p: torch.optim.SGD(p, RATE),
    "adam": lambda p: torch.optim.Adam(p, RATE),
    "adamw": lambda p: torch.optim.AdamW(p, RATE, weight_decay=0.1),
    "rmsprop": lambda p: torch.optim.RMSprop(p, RATE),
}
RUNS = [("mlp", o) for o in OPTIMIZERS] + [(n, "momentum") for n in NETS if n != "mlp"]

x = torch.rand(2, BATCH, 1, 6, 6)
y = torch.randint(0, 5, (2, BATCH))
numbers = lambda t: [float(f"{v:.7g}") for v in t.detach().flatten().tolist()]  # noqa: E731


def ours(net):
    """Parameters and running statistics by our names, products as x·W."""
    out = {}
    for name, t in net.state_dict().items():
        index, leaf = name.split(".")
        if leaf == "num_batches_tracked":
            continue
        linear = isinstance(net[int(index)], (nn.Linear, Maxout)) and leaf == "weight"
        leaf = {"running_mean": "mean", "running_var": "variance"}.get(leaf, leaf)
        t = t.T if linear else t
        out[f"{index}.{leaf}"] = {"shape": list(t.shape), "data": numbers(t)}
    return out


def train(name, optimizer):
    net = NETS[name]()
    opt, average, losses = OPTIMIZERS[optimizer](net.parameters()), None, []
    before = ours(net)
    average = {n: p.detach().clone() for n, p in net.named_parameters()}
    for k in range(STEPS):
        opt.zero_grad()
        loss = F.cross_entropy(net(x[k % 2]), y[k % 2])
        loss.backward()
        if optimizer == "clipped":
            nn.utils.clip_grad_norm_(net.parameters(), 0.2)
        opt.step()
        losses.append(loss.item())
        for n, p in net.named_parameters():
            average[n] = 0.9 * average[n] + 0.1 * p.detach()
    after = ours(net)
    logits = numbers(net.eval()(x[0]))
    first = next(n for n, _ in net.named_parameters())
    mean = average[first].T if isinstance(net[int(first.split(".")[0])], (nn.Linear, Maxout)) else average[first]
    return {"net": name, "optimizer": optimizer, "before": before, "after": after, "losses": losses, "logits": logits, "average": {"name": first, "data": numbers(mean)}}


def second_order():
    """The Hessian of the loss times a vector, and the parameters' gradient of a gradient penalty."""
    net = NETS["tanh"]()
    params = dict(net.named_parameters())
    loss = F.cross_entropy(net(x[0]), y[0])
    grads = torch.autograd.grad(loss, params.values(), create_graph=True)
    vector = [torch.linspace(-1, 1, p.numel()).view_as(p.T).T if p.dim() == 2 else torch.linspace(-1, 1, p.numel()) for p in params.values()]
    hvp = torch.autograd.grad(sum((g * v).sum() for g, v in zip(grads, vector)), params.values())
    z = x[0].clone().requires_grad_(True)
    (dz,) = torch.autograd.grad(net(z)[:, 0].sum(), z, create_graph=True)
    penalty = ((dz.flatten(1).norm(dim=1) - 1) ** 2).mean()
    of_penalty = torch.autograd.grad(penalty, params.values(), allow_unused=True)
    t = lambda g, p: numbers((g if g is not None else torch.zeros_like(p)).T if p.dim() == 2 else (g if g is not None else torch.zeros_like(p)))  # noqa: E731
    return {
        "weights": ours(net),
        "hvp": {n: t(g, p) for (n, p), g in zip(params.items(), hvp)},
        "penalty": penalty.item(),
        "penaltyGradient": {n: t(g, p) for (n, p), g in zip(params.items(), of_penalty)},
    }


schedules = {}
dummy = torch.optim.SGD([torch.zeros(1, requires_grad=True)], 0.3)
for name, make in {"cosine": lambda: torch.optim.lr_scheduler.CosineAnnealingLR(dummy, 20), "step": lambda: torch.optim.lr_scheduler.StepLR(dummy, 7, 0.1)}.items():
    for group in dummy.param_groups:
        group["lr"] = group["initial_lr"] = 0.3
    s, rates = make(), []
    for _ in range(20):
        rates.append(dummy.param_groups[0]["lr"])
        dummy.step()
        s.step()
    schedules[name] = rates

pathlib.Path(__file__).with_name("train.json").write_text(
    json.dumps({"torch": torch.__version__, "x": {"shape": [BATCH, 1, 6, 6], "data": [numbers(b) for b in x]}, "y": y.tolist(), "rate": RATE,
                "runs": [train(*r) for r in RUNS], "secondOrder": second_order(), "schedules": schedules}) + "\n"
)
