"""
What auto_LiRPA makes of the networks of networks.py on boxes around a few inputs, in float64: NAME.onnx and references.json, described in README.md.
  python3 test/golden/bounds/references.py [name …]
With names, only those are made again; the others are kept.
"""
import json
import pathlib
import sys
import warnings
import zlib
from importlib.metadata import version

import numpy as np
import onnxruntime
import torch
from auto_LiRPA import BoundedModule, BoundedTensor, PerturbationLpNorm
from auto_LiRPA.operators import BoundRelu
from networks import CURVED, RECTIFIED, Gelu, network

warnings.filterwarnings("ignore")
torch.set_num_threads(1)
HERE = pathlib.Path(__file__).parent
RADII = (1 / 32, 1 / 8, 1 / 2)
ALPHA = {"iteration": 100, "lr_alpha": 0.1, "lr_decay": 0.98, "early_stop_patience": 100, "start_save_best": 0}
SLOW = ("cube",)  # minutes a box, where enclosures change
original = BoundRelu._relu_lower_bound_init


def least_area(self, upper):
    """
    The lower slope of less area, 1 where high > −low: where the upper slope is above (1 + leak)/2. Its own adaptive rule says ½, which is the same of those
    that are not leaky; of the others it says itself that it "may not be optimal".
    """
    if self.relu_options != "adaptive":
        return original(self, upper)
    return torch.where(upper > (1 + self.leaky_alpha) / 2, 1.0, float(self.leaky_alpha))


BoundRelu._relu_lower_bound_init = least_area


def exported(name, shape, net):
    """Write the file; it gives what the network gives."""
    path = HERE / f"{name}.onnx"
    x = torch.randn(1, *shape)
    # PRESERVE keeps normalisations apart from convolutions, whose weights would be rounded
    apart = torch.onnx.TrainingMode.PRESERVE
    torch.onnx.export(net, (x,), path, opset_version=20, dynamo=False, input_names=["x"], output_names=["y"], training=apart)
    y = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"]).run(None, {"x": x.numpy()})[0]
    assert np.abs(y - net(x).detach().numpy()).max() < 1e-5, name


def bounder(net, x, slopes="adaptive", fixed=True):
    """A module for one question: it remembers too much for more. Lower slopes: adaptive, or all the least (zero-lb), or all 1 (one-lb)."""
    Gelu.whole = True
    alpha = {**ALPHA, "fix_interm_bounds": fixed}
    options = {"conv_mode": "matrix", "activation_bound_option": slopes, "sparse_features_alpha": False, "sparse_spec_alpha": False}
    module = BoundedModule(net, x, bound_opts={**options, "optimize_bound_args": alpha})
    Gelu.whole = False
    return module


def enclosures(net, box, rectified, slopes="adaptive"):
    """
    Enclosures of all that bends reads, in order: intervals, from enclosures of what comes before; met with CROWN's bounds, of `rectified` only where a
    rectifier is left open. The library's own options do the same, but not for every operator.
    """
    module = bounder(net, box.data, slopes)
    module.compute_bounds(x=(box,), method="IBP")
    known = {}
    for node in list(module.layers_requiring_bounds):
        of = {"x": (box,), "final_node_name": node.name, "interm_bounds": dict(known)}
        low, high = (t.detach() for t in module.compute_bounds(method="IBP", **of))
        least, most = (t.detach() for t in module.compute_bounds(method="CROWN", **of))
        wanted = (low < 0) & (high > 0) if rectified else torch.ones_like(low, dtype=torch.bool)
        known[node.name] = (torch.where(wanted, torch.max(low, least), low), torch.where(wanted, torch.min(high, most), high))
    return known


def lower(net, box, rows, known, slopes="adaptive", method="CROWN", fixed=True):
    module = bounder(net, box.data, slopes, fixed)
    try:
        least = module.compute_bounds(x=(box,), C=rows[None], method=method, bound_upper=False, interm_bounds=dict(known))[0][0].detach()
    except (RuntimeError, AssertionError):
        # its α begins without the given enclosures, of logarithms outside their domain; that of poolings is float32 whatever the rest is
        if method == "CROWN":
            raise
        return None
    assert torch.isfinite(least).all()
    return least


def reached(net, low, high, rows):
    """The least value of each row that a search finds: no lower bound may be above it."""
    best = []
    for row in rows:
        u = torch.rand(200, *low.shape[1:])
        corner = torch.rand_like(u)
        x = low + (high - low) * torch.where(corner < 1 / 3, 0.0, torch.where(corner < 2 / 3, 1.0, u))
        least = torch.inf
        for step in range(60):
            x.requires_grad_(True)
            values = net(x) @ row
            least = min(least, values.min().item())
            (slope,) = torch.autograd.grad(values.sum(), x)
            x = (x.detach() - (high - low) * 0.3 * 0.93**step * slope.sign()).clamp(low, high)
        best.append(least)
    return best


def numbers(t):
    return None if t is None else [float(f"{v:.13g}") for v in torch.as_tensor(t).flatten().tolist()]


def box_case(name, net, centre, radius):
    rectified = name in RECTIFIED
    low, high = centre - radius, centre + radius
    box = BoundedTensor(centre, PerturbationLpNorm(norm=float("inf"), x_L=low, x_U=high))
    label = int(net(centre).argmax())
    others = [k for k in range(3) if k != label]
    rows = torch.cat([torch.eye(3)[label] - torch.eye(3)[others], torch.round(torch.randn(2, 3) * 16) / 16])
    ibp = bounder(net, centre).compute_bounds(x=(box,), method="IBP")
    known = enclosures(net, box, rectified)
    case = {"centre": numbers(centre), "radius": radius, "rows": rows.tolist(), "reached": numbers(reached(net, low, high, rows))}
    case["ibp"] = {"low": numbers(ibp[0]), "high": numbers(ibp[1])}
    case["crown"] = numbers(lower(net, box, rows, known))
    if rectified:
        case["read"] = [{"low": numbers(l), "high": numbers(h)} for l, h in known.values()]
        for key, slopes in (("crownLeast", "zero-lb"), ("crownOne", "one-lb")):
            case[key] = numbers(lower(net, box, rows, enclosures(net, box, True, slopes), slopes))
    case["alpha"] = numbers(lower(net, box, rows, known, method="CROWN-Optimized"))
    if name not in SLOW:
        case["alphaAll"] = numbers(lower(net, box, rows, known, method="CROWN-Optimized", fixed=False))
    for key in ("crown", "crownLeast", "crownOne", "alpha", "alphaAll"):
        for value, most in zip(case.get(key) or [], case["reached"]):
            assert value <= most + 1e-9, f"{name}: {key} is above what is reached"
    return case


def made(name):
    torch.set_default_dtype(torch.float32)
    shape, net = network(name)
    exported(name, shape, net)
    torch.set_default_dtype(torch.float64)
    net = net.double()
    torch.manual_seed(zlib.crc32(name.encode()) + 1)
    centres = [torch.round((2 * torch.rand(1, *shape) - 1) * 64) / 64 for _ in range(2)]
    boxes = [box_case(name, net, centre, radius) for centre in centres for radius in RADII]
    print(name, (HERE / f"{name}.onnx").stat().st_size, flush=True)
    return {"name": name, "rectified": name in RECTIFIED, "boxes": boxes}


if __name__ == "__main__":
    file = HERE / "references.json"
    cases = {c["name"]: c for c in json.loads(file.read_text())["cases"]} if file.exists() else {}
    versions = {package: version(package) for package in ("auto_LiRPA", "torch", "numpy")}
    for wanted in sys.argv[1:] or (*RECTIFIED, *CURVED):
        cases[wanted] = made(wanted)
        lines = ",\n".join(json.dumps(cases[name], separators=(",", ":")) for name in (*RECTIFIED, *CURVED) if name in cases)
        file.write_text(f'{{"versions": {json.dumps(versions)}, "alpha": {json.dumps(ALPHA)}, "cases": [\n{lines}\n]}}\n')
