"""The peer: the same work in PyTorch. Reads "<workload> <repeats>" lines, answers with milliseconds a step, one JSON list a line."""
import json
import sys
import time

import torch

nn, F = torch.nn, torch.nn.functional
THREADS = int(sys.argv[1])
torch.set_num_threads(THREADS)
torch.manual_seed(0)


def mlp():
    return nn.Sequential(nn.Flatten(), nn.Linear(784, 1200), nn.ReLU(), nn.Linear(1200, 1200), nn.ReLU(), nn.Linear(1200, 10))


def cnn():
    return nn.Sequential(
        nn.Conv2d(1, 16, 4, 2, 1), nn.ReLU(), nn.Conv2d(16, 32, 4, 2, 1), nn.ReLU(), nn.Flatten(), nn.Linear(1568, 100), nn.ReLU(), nn.Linear(100, 10)
    )


def madry():
    return nn.Sequential(
        nn.Conv2d(1, 32, 5, 1, 2), nn.MaxPool2d(2), nn.ReLU(), nn.Conv2d(32, 64, 5, 1, 2), nn.MaxPool2d(2), nn.ReLU(),
        nn.Flatten(), nn.Linear(3136, 1024), nn.ReLU(), nn.Linear(1024, 10),
    )  # fmt: skip


def train_step(net, optimizer):
    opt = optimizer(net.parameters())
    x, y = torch.rand(128, 1, 28, 28), torch.arange(128) % 10

    def step():
        opt.zero_grad()
        F.cross_entropy(net(x), y).backward()
        opt.step()

    return step


class Maxout(nn.Module):
    def __init__(self, features, units, pieces):
        super().__init__()
        self.units, self.pieces = units, pieces
        self.linear = nn.Linear(features, units * pieces)

    def forward(self, x):
        return self.linear(x).view(-1, self.units, self.pieces).amax(2)


def gan_step(g, d, latent, data, optimizer):
    """Both players move at once from the same parameters; non-saturating loss for the generator."""
    og, od = optimizer(g.parameters()), optimizer(d.parameters())
    n = data.shape[0]
    one, zero = torch.ones(n, 1), torch.zeros(n, 1)
    bce = F.binary_cross_entropy_with_logits

    def step():
        fake = g(latent())
        od.zero_grad()
        (0.5 * (bce(d(data), one) + bce(d(fake.detach()), zero))).backward()
        params = list(g.parameters())
        for p, grad in zip(params, torch.autograd.grad(bce(d(fake), one), params)):
            p.grad = grad
        od.step()
        og.step()

    return step


def gan2014():
    g = nn.Sequential(nn.Linear(100, 1200), nn.ReLU(), nn.Linear(1200, 1200), nn.ReLU(), nn.Linear(1200, 784), nn.Sigmoid())
    d = nn.Sequential(nn.Dropout(0.2), Maxout(784, 240, 5), nn.Dropout(0.5), Maxout(240, 240, 5), nn.Dropout(0.5), nn.Linear(240, 1))
    return gan_step(g, d, lambda: (torch.rand(100, 100) * 2 - 1) * 3**0.5, torch.rand(100, 784), lambda p: torch.optim.SGD(p, 0.1, momentum=0.5))


def gan2d():
    g = nn.Sequential(nn.Linear(2, 128), nn.ReLU(), nn.Linear(128, 128), nn.ReLU(), nn.Linear(128, 2))
    d = nn.Sequential(nn.Linear(2, 128), nn.ReLU(), nn.Linear(128, 128), nn.ReLU(), nn.Linear(128, 1))
    return gan_step(g, d, lambda: torch.randn(512, 2), torch.randn(512, 2), lambda p: torch.optim.Adam(p, 1e-3, betas=(0.5, 0.999)))


def gan2d_small():
    g = nn.Sequential(nn.Linear(2, 128), nn.ReLU(), nn.Linear(128, 128), nn.ReLU(), nn.Linear(128, 2))
    d = nn.Sequential(nn.Linear(2, 128), nn.ReLU(), nn.Linear(128, 128), nn.ReLU(), nn.Linear(128, 1))
    return gan_step(g, d, lambda: torch.randn(64, 2), torch.randn(64, 2), lambda p: torch.optim.Adam(p, 1e-3, betas=(0.5, 0.999)))


def gan2d_r1r2():
    """Both players move at once; relativistic paired loss, R1 and R2 of weight 0.1."""
    g = nn.Sequential(nn.Linear(2, 128), nn.ReLU(), nn.Linear(128, 128), nn.ReLU(), nn.Linear(128, 2))
    d = nn.Sequential(nn.Linear(2, 128), nn.LeakyReLU(0.2), nn.Linear(128, 128), nn.LeakyReLU(0.2), nn.Linear(128, 1))
    og, od = (torch.optim.Adam(m.parameters(), 1e-3, betas=(0.5, 0.999)) for m in (g, d))
    data = torch.randn(512, 2)

    def slope(x):
        x = x.detach().requires_grad_(True)
        y = d(x)
        (s,) = torch.autograd.grad(y.sum(), x, create_graph=True)
        return y, s.square().sum(1).mean()

    def step():
        fake = g(torch.randn(512, 2))
        (real_y, one), (fake_y, two) = slope(data), slope(fake)
        od.zero_grad()
        (F.softplus(fake_y - real_y).mean() + 0.05 * (one + two)).backward()
        params = list(g.parameters())
        for p, grad in zip(params, torch.autograd.grad(F.softplus(d(data).detach() - d(fake)).mean(), params)):
            p.grad = grad
        od.step()
        og.step()

    return step


def dcgan_pair(norm):
    g = nn.Sequential(
        nn.Linear(100, 6272, bias=False), nn.Unflatten(1, (128, 7, 7)), nn.BatchNorm2d(128), nn.ReLU(),
        nn.ConvTranspose2d(128, 64, 4, 2, 1, bias=False), nn.BatchNorm2d(64), nn.ReLU(), nn.ConvTranspose2d(64, 1, 4, 2, 1), nn.Tanh(),
    )  # fmt: skip
    d = nn.Sequential(
        nn.Conv2d(1, 64, 4, 2, 1), nn.LeakyReLU(0.2), nn.Conv2d(64, 128, 4, 2, 1, bias=not norm), *([nn.BatchNorm2d(128)] if norm else []),
        nn.LeakyReLU(0.2), nn.Flatten(), nn.Linear(6272, 1),
    )  # fmt: skip
    return g, d


def dcgan():
    g, d = dcgan_pair(True)
    og, od = (torch.optim.Adam(m.parameters(), 1e-3, betas=(0.5, 0.999)) for m in (g, d))
    data, one, zero = torch.rand(64, 1, 28, 28), torch.ones(64, 1), torch.zeros(64, 1)
    bce = F.binary_cross_entropy_with_logits

    def step():
        od.zero_grad()
        with torch.no_grad():
            fake = g(torch.randn(64, 100))
        (bce(d(data * 2 - 1), one) + bce(d(fake), zero)).backward()
        od.step()
        og.zero_grad()
        d.requires_grad_(False)
        bce(d(g(torch.randn(64, 100))), one).backward()
        d.requires_grad_(True)
        og.step()

    return step


def wgan_gp():
    g, d = dcgan_pair(False)
    og, od = (torch.optim.Adam(m.parameters(), 1e-3, betas=(0.5, 0.999)) for m in (g, d))
    data = torch.rand(64, 1, 28, 28)

    def step():
        for _ in range(5):
            with torch.no_grad():
                fake = g(torch.randn(64, 100))
            real, t = data * 2 - 1, torch.rand(64, 1, 1, 1)
            x = (real + t * (fake - real)).requires_grad_(True)
            (s,) = torch.autograd.grad(d(x).sum(), x, create_graph=True)
            od.zero_grad()
            (d(fake).mean() - d(real).mean() + 10 * (s.flatten(1).norm(dim=1) - 1).square().mean()).backward()
            od.step()
        og.zero_grad()
        d.requires_grad_(False)
        (-d(g(torch.randn(64, 100))).mean()).backward()
        d.requires_grad_(True)
        og.step()

    return step


def pgd():
    net, x, y, eps, alpha = cnn().eval(), torch.rand(128, 1, 28, 28), torch.arange(128) % 10, 0.3, 0.3 * 2.5 / 40
    net.requires_grad_(False)

    def step():
        z = (x + torch.empty_like(x).uniform_(-eps, eps)).clamp(0, 1)
        for _ in range(40):
            z.requires_grad_(True)
            (g,) = torch.autograd.grad(F.cross_entropy(net(z), y, reduction="sum"), z)
            z = torch.min(torch.max(z.detach() + alpha * g.sign(), x - eps), x + eps).clamp(0, 1)
        return z

    return step


def matmul():
    a, b = torch.rand(1536, 1536), torch.rand(1536, 1536)
    return lambda: a @ b


SGD = lambda p: torch.optim.SGD(p, 0.1)  # noqa: E731
WORKLOADS = {
    "matmul": matmul,
    "mlp": lambda: train_step(mlp(), SGD),
    "madry": lambda: train_step(madry(), SGD),
    "cnn": lambda: train_step(cnn(), SGD),
    "gan2014": gan2014,
    "gan2d": gan2d,
    "gan2dSmall": gan2d_small,
    "gan2dR1R2": gan2d_r1r2,
    "dcgan": dcgan,
    "wganGp": wgan_gp,
    "pgd": pgd,
}

print(json.dumps({"name": f"PyTorch {torch.__version__}", "threads": torch.get_num_threads()}), flush=True)
made = {}
for line in sys.stdin:
    name, repeats = line.split()
    if name not in made:
        made[name] = WORKLOADS[name]()
        for _ in range(3):
            made[name]()
    times = []
    for _ in range(int(repeats)):
        start = time.perf_counter()
        made[name]()
        times.append(1e3 * (time.perf_counter() - start))
    print(json.dumps(times), flush=True)
