"""What references.py believes: the adversarial input, run again on the model, with its distance in float64."""
import json
import random
import time

import numpy as np
import torch
from models import CLASSES, HERE, SHAPES, load, mnist

TOLERANCE = 1e-6  # of a distance, or of ε times this where ε > 1
NORMS = {
    "linf": lambda d: d.abs().amax(1),
    "l2": lambda d: d.norm(dim=1),
    "l1": lambda d: d.abs().sum(1),
    "l0": lambda d: (d != 0).sum(1).double(),
}


class Counted(torch.nn.Module):
    """The model, counting the samples that go forwards and the gradients that come back."""

    def __init__(self, net):
        super().__init__()
        self.net, self.forwards, self.backwards = net, 0, 0

    def forward(self, x):
        out = self.net(x.float())
        self.forwards += len(x)
        if out.requires_grad:
            out.register_hook(self.count)
        return out

    def count(self, gradient):
        self.backwards += len(gradient)


class Victim:
    """A model and the inputs it classifies correctly, as images [N, C, H, W]: points become rows of an image."""

    def __init__(self, name):
        self.name, self.classes = name, CLASSES[name]
        self.net = Counted(load(name)).eval()
        given = json.loads((HERE / "inputs.json").read_text())[name]
        self.y = torch.tensor(given["labels"])
        if given["source"] == "mnist:test":
            self.x = mnist("test")[0][given["indices"]]
        else:
            self.x = torch.tensor(given["x"]["data"]).view(-1, 1, 1, *SHAPES[name])
        assert (self.net(self.x).argmax(1) == self.y).all()

    def predict(self, x):
        with torch.no_grad():
            return self.net(x).argmax(1)


def seeded(seed):
    torch.manual_seed(seed)
    np.random.seed(seed)
    random.seed(seed)


def bits(flags):
    return "".join("1" if f else "0" for f in flags.tolist())


def judged(victim, attack, n, norm=None, epsilon=None, target=None, seed=0):
    """
    Run `attack(victim, x, y)` on the first n inputs and judge what it returns.
    norm and ε: successes are inside the ball. norm alone: distances of the successes, in that norm. Neither: successes anywhere in [0, 1].
    """
    x, y = victim.x[:n].clone(), victim.y[:n].clone()
    seeded(seed)
    victim.net.forwards = victim.net.backwards = 0
    start = time.process_time()
    z = attack(victim, x.clone(), y.clone())
    seconds = time.process_time() - start
    out = {"n": n, "forwards": round(victim.net.forwards / n, 1), "backwards": round(victim.net.backwards / n, 1), "seconds": round(seconds, 2)}
    z = torch.as_tensor(z, dtype=torch.float32).detach().reshape(x.shape)
    won = victim.predict(z) == target[:n] if target is not None else victim.predict(z) != y
    won &= (z >= 0).flatten(1).all(1) & (z <= 1).flatten(1).all(1)  # NaN is nowhere
    if norm is None:
        return {**out, "success": won.double().mean().item(), "flags": bits(won)}, z
    d = NORMS[norm]((z.double() - x.double()).flatten(1))
    if epsilon is not None:
        won &= d <= epsilon + TOLERANCE * max(1, epsilon)
        return {**out, "success": won.double().mean().item(), "flags": bits(won)}, z
    d[~won] = float("inf")
    median = d.median().item()  # the lower of the middle two; failures are infinitely far
    return {
        **out, "success": won.double().mean().item(), "median": round(median, 6) if median < float("inf") else None,
        "mean": round(d[won].mean().item(), 6) if won.any() else None,
        "distances": [round(v, 6) if v < float("inf") else None for v in d.tolist()],
    }, z  # fmt: skip
