"""
The peers of bench/attacks.ts: PGD by Foolbox and by torchattacks, on PyTorch. Reads "<library>:<workload> <repeats>" lines, answers with milliseconds an
attack, one JSON list a line.
  python3 attack_peer.py MODELS THREADS        (torch, torchvision, foolbox, torchattacks)
"""
import json
import pathlib
import sys
import time
import warnings

import foolbox
import torch
import torchattacks

from models import MODELS

warnings.filterwarnings("ignore")
FOLDER, THREADS = pathlib.Path(sys.argv[1]), int(sys.argv[2])
torch.set_num_threads(THREADS)
# workload: model, batch, steps, ε; as in bench/attacks.ts
WORKLOADS = {"mnist": ("cnn-mnist", 128, 40, 0.3), "resnet18": ("resnet18-32", 32, 5, 8 / 255), "resnet50": ("resnet50-224", 4, 3, 4 / 255)}


def prepared(library, workload):
    name, batch, steps, eps = WORKLOADS[workload]
    build, channels, size = MODELS[name]
    net = build()
    net.load_state_dict(torch.load(FOLDER / f"{name}.pt"))
    net.eval()
    torch.manual_seed(0)
    x = torch.rand(batch, channels, size, size)
    y = net(x).argmax(1)
    alpha = 2.5 * eps / steps
    if library == "torchattacks":
        attack = torchattacks.PGD(net, eps=eps, alpha=alpha, steps=steps, random_start=True)
        return lambda: attack(x, y)
    model = foolbox.PyTorchModel(net, bounds=(0, 1), device="cpu")
    attack = foolbox.attacks.LinfPGD(steps=steps, abs_stepsize=alpha, random_start=True)
    # run itself: what __call__ adds is the verdict, which ours is not timed with either
    return lambda: attack.run(model, x, foolbox.criteria.Misclassification(y), epsilon=eps)


print(json.dumps({"name": f"Foolbox {foolbox.__version__}, torchattacks {torchattacks.__version__}, PyTorch {torch.__version__}"}), flush=True)
made = {}
for line in sys.stdin:
    name, repeats = line.split()
    if name not in made:
        made[name] = prepared(*name.split(":"))
        made[name]()
    times = []
    for _ in range(int(repeats)):
        start = time.perf_counter()
        made[name]()
        times.append(1e3 * (time.perf_counter() - start))
    print(json.dumps(times), flush=True)
