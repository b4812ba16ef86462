"""A DCGAN in PyTorch of the size and steps of experiments/digits.ts: python dcgan_peer.py FOLDER_OF_MNIST STEPS SEED OUT.npz"""

import gzip
import os
import sys

import numpy as np
import torch
from torch import nn

folder, steps, seed, out = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
torch.manual_seed(seed)
torch.set_num_threads(1)
WIDTH, Z, BATCH = 32, 100, 64


def images():
    path = os.path.join(folder, "train-images-idx3-ubyte")
    raw = open(path, "rb").read() if os.path.exists(path) else gzip.open(path + ".gz").read()
    return torch.from_numpy(np.frombuffer(raw, np.uint8, offset=16).reshape(-1, 1, 28, 28).copy())


def init(m):
    if isinstance(m, (nn.Conv2d, nn.ConvTranspose2d, nn.Linear)):
        nn.init.normal_(m.weight, 0, 0.02)
        if m.bias is not None:
            nn.init.zeros_(m.bias)


G = nn.Sequential(
    nn.Linear(Z, 2 * WIDTH * 49, bias=False), nn.Unflatten(1, (2 * WIDTH, 7, 7)), nn.BatchNorm2d(2 * WIDTH), nn.ReLU(),
    nn.ConvTranspose2d(2 * WIDTH, WIDTH, 4, 2, 1, bias=False), nn.BatchNorm2d(WIDTH), nn.ReLU(),
    nn.ConvTranspose2d(WIDTH, 1, 4, 2, 1), nn.Tanh(),
).apply(init)
D = nn.Sequential(
    nn.Conv2d(1, WIDTH, 4, 2, 1), nn.LeakyReLU(0.2),
    nn.Conv2d(WIDTH, 2 * WIDTH, 4, 2, 1, bias=False), nn.BatchNorm2d(2 * WIDTH), nn.LeakyReLU(0.2),
    nn.Flatten(), nn.Linear(2 * WIDTH * 49, 1),
).apply(init)
opt = [torch.optim.Adam(m.parameters(), 2e-4, (0.5, 0.999)) for m in (G, D)]
loss = nn.BCEWithLogitsLoss()
one, nought = torch.ones(BATCH, 1), torch.zeros(BATCH, 1)
data, order, at = images()[:55000], torch.randperm(55000), 0
for step in range(steps):
    if at + BATCH > len(order):
        order, at = torch.randperm(55000), 0
    real = data[order[at : at + BATCH]].float() / 127.5 - 1
    at += BATCH
    fake = G(torch.randn(BATCH, Z))
    d = loss(D(real), one) + loss(D(fake.detach()), nought)
    opt[1].zero_grad()
    d.backward()
    opt[1].step()
    g = loss(D(fake), one)
    opt[0].zero_grad()
    g.backward()
    opt[0].step()
    if step % 500 == 0:
        print(f"step {step} of {steps}: D {d.item():.3f}, G {g.item():.3f}", file=sys.stderr, flush=True)
G.eval()
with torch.no_grad():
    x = torch.cat([G(torch.randn(500, Z)) for _ in range(40)])
np.savez(out, x=((x + 1) / 2).numpy().astype(np.float32))
