"""Least distances to another class that can be computed: of linear models in closed form, of models of a plane by looking everywhere."""
import torch


def linear(weight, bias, x, y, norm):
    """
    The least ‖δ‖ with wⱼ·(x + δ) + bⱼ ≥ w_y·(x + δ) + b_y for some j ≠ y and x + δ in [0, 1]ⁿ, [N] in float64.
    For each j, δ pushes along w = wⱼ − w_y until the margin is gone, each coordinate as far as its room in the box allows.
    """
    weight, bias, x = weight.double(), bias.double(), x.double().flatten(1)
    best = torch.full((len(x),), float("inf"), dtype=torch.float64)
    rows = torch.arange(len(x))
    for j in range(len(weight)):
        w = weight[j] - weight[y]
        margin = -((w * x).sum(1) + bias[j] - bias[y])  # what δ has to gain
        room = torch.where(w > 0, 1 - x, x)  # how far each coordinate can go in its own direction
        a = w.abs()
        if norm in ("l0", "l1"):
            order = (a * room if norm == "l0" else a).argsort(1, descending=True)
            gain, cost = (a * room).gather(1, order), torch.ones_like(a) if norm == "l0" else room.gather(1, order)
            total = gain.cumsum(1)
            k = (total < margin[:, None]).sum(1).clamp(max=a.shape[1] - 1)  # the coordinate that finishes it
            before = (cost.cumsum(1) - cost)[rows, k]
            last = 1 if norm == "l0" else (margin - (total - gain)[rows, k]) / a.gather(1, order)[rows, k]
            d = before + last
            reach = total[:, -1]
        else:
            low, high = torch.zeros(len(x), dtype=torch.float64), torch.full((len(x),), 1e6, dtype=torch.float64)
            step = (lambda t: torch.minimum(room, t[:, None])) if norm == "linf" else (lambda t: torch.minimum(room, a * t[:, None]))  # noqa: E731
            for _ in range(200):
                mid = (low + high) / 2
                enough = (a * step(mid)).sum(1) >= margin
                low, high = torch.where(enough, low, mid), torch.where(enough, mid, high)
            d = high if norm == "linf" else step(high).norm(dim=1)
            reach = (a * room).sum(1)
        best = torch.where((reach >= margin) & (j != y), torch.minimum(best, d), best)
    return best


def plane(net, x, y, norm, cells=1024):
    """The least distance from points of [0, 1]² to a point of another class on a grid, then halved along the line back: an upper bound, tight to 1/cells."""
    axis = torch.linspace(0, 1, cells + 1, dtype=torch.float64)
    grid = torch.cartesian_prod(axis, axis)
    with torch.no_grad():
        labels = torch.cat([net(g.float().view(-1, 1, 1, 2)).argmax(1) for g in grid.split(2**18)])
        out = []
        for point, label in zip(x.double().view(-1, 2), y):
            delta = grid[labels != label] - point
            d = {"linf": delta.abs().amax(1), "l2": delta.norm(dim=1), "l1": delta.abs().sum(1)}[norm]
            near = delta[d.topk(64, largest=False).indices]
            low, high = torch.zeros(len(near), 1, dtype=torch.float64), torch.ones(len(near), 1, dtype=torch.float64)
            for _ in range(40):
                mid = (low + high) / 2
                over = (net((point + mid * near).float().view(-1, 1, 1, 2)).argmax(1) != label)[:, None]
                low, high = torch.where(over, low, mid), torch.where(over, mid, high)
            out.append({"linf": lambda v: v.abs().amax(1), "l2": lambda v: v.norm(dim=1), "l1": lambda v: v.abs().sum(1)}[norm](high * near).min())
    return torch.stack(out)
