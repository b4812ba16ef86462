"""
The adversarial images themselves, of attacks that draw nothing at random: examples.json.
  python3 test/golden/attacks/examples.py        (foolbox, torchattacks)
"""
import base64
import json
from importlib.metadata import version

import foolbox as fb
import torch
import torchattacks as ta
from foolbox import attacks as fa
from judge import HERE, Victim

torch.set_num_threads(1)
N = 8
EPSILON = {"std": {"linf": 0.1, "l2": 1.5}, "at": {"linf": 0.32, "l2": 2.0}}
# name: (steps, step length as a share of ε); each starts at the image itself
ATTACKS = {"fgsm": (1, {"linf": 1, "l2": 1}), "bim-10": (10, {"linf": 1 / 5, "l2": 1 / 5}), "pgd-40": (40, {"linf": 1 / 30, "l2": 1 / 16})}


def ask(net, x, y, norm, epsilon, steps, step):
    cls = {"linf": fa.LinfProjectedGradientDescentAttack, "l2": fa.L2ProjectedGradientDescentAttack}[norm]
    attack = cls(abs_stepsize=step, steps=steps, random_start=False)
    return attack(fb.PyTorchModel(net, bounds=(0, 1)), x, fb.criteria.Misclassification(y), epsilons=epsilon)[0]


def other(net, x, y, norm, epsilon, steps, step):
    p = {"eps": epsilon, "alpha": step, "steps": steps, "random_start": False}
    return (ta.PGD(net, **p) if norm == "linf" else ta.PGDL2(net, **p))(x, y)


records = []
for model in EPSILON:
    v = Victim(model)
    x, y, net = v.x[:N], v.y[:N], v.net.net
    for name, (steps, shares) in ATTACKS.items():
        for norm, share in shares.items():
            epsilon = EPSILON[model][norm]
            step = epsilon * share
            z = ask(net, x, y, norm, epsilon, steps, step)
            # the share of each image's pixels that two other computations of the attack put elsewhere: where a gradient is rounding, so is its direction
            double = ask(net.double(), x.double(), y, norm, epsilon, steps, step)
            net.float()
            away = lambda w: [round(q, 6) for q in ((w - z).abs() > 1e-5).flatten(1).double().mean(1).tolist()]  # noqa: E731
            records.append({
                "model": model, "attack": name, "norm": norm, "epsilon": epsilon, "steps": steps, "stepSize": step, "relativeStep": share,
                "success": (v.predict(z) != y).double().mean().item(),
                "differing": {"float64": away(double), "torchattacks": away(other(net, x, y, norm, epsilon, steps, step))},
                "shape": list(z.shape), "float32": base64.b64encode(z.contiguous().numpy().astype("<f4").tobytes()).decode(),
            })  # fmt: skip
            print({k: q for k, q in records[-1].items() if k != "float32"})
head = {"versions": {p: version(p) for p in ("foolbox", "torchattacks", "torch")}}
(HERE / "examples.json").write_text(json.dumps(head)[:-1] + ', "runs": [\n' + ",\n".join(map(json.dumps, records)) + "\n]}\n")
