"""
What other people's attacks reach on the models of models.py: references.json, one record a run, judged by judge.py.
  python3 test/golden/attacks/references.py [part of an id …]    (README.md names the packages)
With arguments, only the runs whose id has one of them are made again; the others are kept. With --draws N first, each from N seeds: the record is the first's,
"draws" the success rate, or the median distance, of each.
"""
import contextlib
import hashlib
import io
import json
import logging
import sys
import traceback
import types
import warnings
from importlib.metadata import version

import numpy as np
import torch

sys.modules.setdefault("visdom", types.ModuleType("visdom"))  # adv-lib imports its plotter, which we do not use
np.mat = np.asmatrix  # ART 1.20's GeoDA, under NumPy 2
warnings.filterwarnings("ignore")

import adv_lib.attacks as al  # noqa: E402
import art.attacks.evasion as ae  # noqa: E402
import exact  # noqa: E402
import foolbox as fb  # noqa: E402
import pyautoattack  # noqa: E402
import torchattacks as ta  # noqa: E402
from adv_lib.attacks.augmented_lagrangian import alma  # noqa: E402
from art.estimators.classification import PyTorchClassifier  # noqa: E402
from foolbox import attacks as fa  # noqa: E402
from judge import HERE, Victim, judged  # noqa: E402
from pyautoattack.autopgd_base import APGDAttack, APGDAttack_targeted  # noqa: E402
from pyautoattack.fab_pt import FABAttack_PT  # noqa: E402
from pyautoattack.square import SquareAttack  # noqa: E402

torch.set_num_threads(1)
logging.disable(logging.WARNING)
FILE = HERE / "references.json"
SEED = 0
MNIST, POINTS = ("std", "at"), ("three", "two")
EPSILON = {
    "std": {"linf": 0.1, "l2": 1.5, "l1": 10},
    "at": {"linf": 0.32, "l2": 2, "l1": 8},
    "softmax": {"linf": 0.06, "l2": 1, "l1": 5},
    "three": {"linf": 0.08, "l2": 0.09, "l1": 0.11},
    "two": {"linf": 0.05, "l2": 0.12, "l1": 0.25},
}
LARGE = {"linf": "Linf", "l2": "L2", "l1": "L1"}
ORDER = {"linf": float("inf"), "l2": 2, "l1": 1, "l0": 0}
RUNS = []


def run(attack, norm, call, models=MNIST, n=200, minimal=False, target=False, epsilon=None):
    """`call` is (library, parameters, f); f takes (victim, x, y, norm, ε, parameters), where a parameter given as a function is one of ε."""
    RUNS.extend((m, attack, norm, call, n, minimal, target, epsilon) for m in ((models,) if isinstance(models, str) else models))


# --- how each library is asked ---------------------------------------------------------------------------------------------------


def foolbox(cls, restarts=None, estimator=None, **parameters):
    def f(v, x, y, norm, epsilon, p):
        restarts, estimator = p.pop("restarts", None), p.pop("estimator", None)
        model, attack, batch = fb.PyTorchModel(v.net, bounds=(0, 1)), cls(**p), len(x)
        if estimator:  # one sample at a time: its estimate of the gradient is summed over the batch
            batch, attack = 1, fb.gradient_estimators.es_gradient_estimator(cls, bounds=(0, 1), clip=False, **estimator)(**p)
        if restarts:
            attack = attack.repeat(restarts)
        ask = (lambda a, b: attack(model, a, b)[0]) if cls is fa.SpatialAttack else lambda a, b: attack(model, a, b, epsilons=epsilon)[1]
        return torch.cat([ask(a, fb.criteria.Misclassification(b)) for a, b in zip(x.split(batch), y.split(batch))])

    more = {"restarts": restarts, "estimator": estimator}
    return "foolbox", {**parameters, **{k: q for k, q in more.items() if q}}, f


def torchattack(cls, **parameters):
    def f(v, x, y, norm, epsilon, p):
        if epsilon is not None:
            p["eps"] = epsilon
        if "norm" in p:
            p["norm"] = LARGE[norm]
        targeted = p.pop("targeted", False)
        attack = cls(v.net, **p)
        if targeted:
            attack.set_mode_targeted_by_function(lambda images, labels: (labels + 1) % v.classes)
        return attack(x, y)

    return "torchattacks", parameters, f


def art_(cls, **parameters):
    def f(v, x, y, norm, epsilon, p):
        model = PyTorchClassifier(v.net, torch.nn.CrossEntropyLoss(), x.shape[1:], v.classes, clip_values=(0, 1), device_type="cpu")
        if epsilon is not None:
            p["eps"] = epsilon
        if "norm" in p:
            p["norm"] = ORDER[norm] if norm != "linf" else np.inf
        if "verbose" in cls.attack_params:
            p["verbose"] = False
        labels = np.eye(v.classes)[(y + 1) % v.classes if p.pop("target", None) else y]
        return torch.from_numpy(cls(model, **p).generate(x.numpy(), labels).astype(np.float32))

    return "art", parameters, f


def autoattack(cls, **parameters):
    def f(v, x, y, norm, epsilon, p):
        if "n_target_classes" in p:
            p["n_target_classes"] = min(p["n_target_classes"], v.classes - 1)
        more = {"logger": logging.getLogger()} if cls in (APGDAttack, APGDAttack_targeted) else {}
        return cls(v.net, norm=LARGE[norm], eps=epsilon or 1e6, seed=v.seed, device="cpu", **more, **p).perturb(x, y)

    return "pyautoattack", parameters, f


def standard():
    def f(v, x, y, norm, epsilon, p):
        return pyautoattack.AutoAttack(v.net, norm=LARGE[norm], eps=epsilon, seed=v.seed, version="standard", device="cpu").run_standard_evaluation(x, y, batch_size=250)[0]

    return "pyautoattack", {"version": "standard", "recipe": "apgd-ce, apgd-t, fab-t, square (5000 queries)"}, f


def adv(attack, order=None, **parameters):
    def f(v, x, y, norm, epsilon, p):
        if order:
            p[order] = p[order] if isinstance(p.get(order), str) else ORDER[norm]
        if epsilon is not None:
            p["eps"] = epsilon
        return attack(v.net, x, y, **p)

    return "adv-lib", parameters, f


def universal(**parameters):
    """Made on the first half of the inputs; the second half has not been seen."""

    def f(v, x, y, norm, epsilon, p):
        p.pop("seen")
        half = len(x) // 2
        model = PyTorchClassifier(v.net, torch.nn.CrossEntropyLoss(), x.shape[1:], v.classes, clip_values=(0, 1), device_type="cpu")
        attack = ae.UniversalPerturbation(model, eps=epsilon, norm=np.inf if norm == "linf" else 2, verbose=False, **p)
        with contextlib.redirect_stderr(io.StringIO()):
            attack.generate(x[:half].numpy(), np.eye(v.classes)[y[:half]])
        return (x + torch.from_numpy(attack.noise.astype(np.float32))).clamp(0, 1)

    return "art", {**parameters, "seen": "the first half"}, f


def patch(size, at, **parameters):
    """A square of size × size pixels with its upper left corner at (at, at), the same for all inputs, made on the first half of them."""

    def f(v, x, y, norm, epsilon, p):
        for shown in ("size", "row", "column", "seen"):
            p.pop(shown)
        half = len(x) // 2
        model = PyTorchClassifier(v.net, torch.nn.CrossEntropyLoss(), x.shape[1:], v.classes, clip_values=(0, 1), device_type="cpu")
        attack = ae.AdversarialPatchPyTorch(
            model, rotation_max=0, patch_shape=(1, size, size), patch_location=(at, at), patch_type="square", targeted=False, batch_size=half, verbose=False, **p
        )  # fmt: skip
        learnt, _ = attack.generate(x[:half].numpy(), np.eye(v.classes)[y[:half]])
        z = x.clone()
        z[:, :, at : at + size, at : at + size] = torch.from_numpy(np.asarray(learnt, np.float32)).clamp(0, 1)
        return z

    return "art", {"size": size, "row": at, "column": at, **parameters, "seen": "the first half"}, f


def least(how):
    def linear(v, x, y, norm, epsilon, p):
        layer = v.net.net[-1]
        return exact.linear(layer.weight, layer.bias, x, y, norm)

    def plane(v, x, y, norm, epsilon, p):
        return exact.plane(v.net.net, x, y, norm)

    return "exact", {"method": how.__doc__.strip().splitlines()[0]}, {exact.linear: linear, exact.plane: plane}[how]


# --- inside a ball ---------------------------------------------------------------------------------------------------------------

ALL = ("std", "at", "softmax", *POINTS)
TEN = ("std", "at", "softmax")  # classes
MANY, SOME, FEW, TINY = 200, 100, 50, 20  # samples: the dearer the attack, the fewer
fast = lambda **p: {**p, "batch_size": 200}  # noqa: E731  ART's default of 32 is only slower
whole = lambda attack: lambda model, x, y, eps, **p: attack(model, x, y, eps, **p)  # noqa: E731

run("fgsm", "linf", foolbox(fa.LinfFastGradientAttack, random_start=False), ALL)
run("fgsm", "linf", torchattack(ta.FGSM))
run("fgsm", "linf", art_(ae.FastGradientMethod, **fast(norm=0)))
run("fgsm", "l2", foolbox(fa.L2FastGradientAttack, random_start=False), ALL)
run("bim-10", "linf", foolbox(fa.LinfBasicIterativeAttack, rel_stepsize=0.2, steps=10, random_start=False), ALL)
run("bim-10", "linf", torchattack(ta.BIM, alpha=lambda e: e / 5, steps=10))
run("bim-10", "linf", art_(ae.BasicIterativeMethod, **fast(eps_step=lambda e: e / 5, max_iter=10)))
run("bim-10", "l2", foolbox(fa.L2BasicIterativeAttack, rel_stepsize=0.2, steps=10, random_start=False), ALL)
run("pgd-40", "linf", foolbox(fa.LinfPGD, rel_stepsize=1 / 30, steps=40, random_start=True), ALL)
run("pgd-40", "linf", torchattack(ta.PGD, alpha=lambda e: e / 30, steps=40, random_start=True))
run("pgd-40", "linf", art_(ae.ProjectedGradientDescent, **fast(norm=0, eps_step=lambda e: e / 30, max_iter=40, num_random_init=1)))
run("pgd-40", "linf", adv(whole(al.pgd_linf), steps=40, relative_step_size=1 / 30, loss_function="ce"))
run("pgd-40", "l2", foolbox(fa.L2PGD, rel_stepsize=1 / 16, steps=40, random_start=True), ALL)
run("pgd-40", "l2", torchattack(ta.PGDL2, alpha=lambda e: e / 16, steps=40, random_start=True))
run("pgd-40", "l2", art_(ae.ProjectedGradientDescent, **fast(norm=0, eps_step=lambda e: e / 16, max_iter=40, num_random_init=1)))
run("pgd-100", "l1", foolbox(fa.L1PGD, rel_stepsize=0.05, steps=100, random_start=True), ALL, SOME)
run("pgd-100", "l1", art_(ae.ProjectedGradientDescent, **fast(norm=0, eps_step=lambda e: e / 20, max_iter=100, num_random_init=1)), n=SOME)
run("sparse-l1-descent-100", "l1", foolbox(fa.SparseL1DescentAttack, quantile=0.95, rel_stepsize=0.05, steps=100, random_start=True), n=SOME)
run("pgd-100x5", "linf", foolbox(fa.LinfPGD, restarts=5, rel_stepsize=1 / 40, steps=100, random_start=True), n=SOME)
run("pgd-40-targeted", "linf", torchattack(ta.PGD, alpha=lambda e: e / 30, steps=40, random_start=True, targeted=True), target=True)
run("mi-fgsm-10", "linf", foolbox(fa.LinfMomentumIterativeFastGradientMethod, momentum=1.0, rel_stepsize=0.1, steps=10))
run("mi-fgsm-10", "linf", torchattack(ta.MIFGSM, alpha=lambda e: e / 10, steps=10, decay=1.0))
run("mi-fgsm-10", "linf", art_(ae.MomentumIterativeMethod, **fast(norm=0, eps_step=lambda e: e / 10, decay=1.0, max_iter=10)))
run("ni-fgsm-10", "linf", torchattack(ta.NIFGSM, alpha=lambda e: e / 10, steps=10, decay=1.0))
run("vmi-fgsm-10", "linf", torchattack(ta.VMIFGSM, alpha=lambda e: e / 10, steps=10, decay=1.0, N=5, beta=1.5), n=SOME)
run("di-fgsm-10", "linf", torchattack(ta.DIFGSM, alpha=lambda e: e / 10, steps=10, decay=1.0))

for norm in ("linf", "l2", "l1"):
    large = norm == "l1"  # the authors' schedule of shrinking balls
    for loss, kind in (("ce", "cross_entropy"), ("dlr", "difference_logits_ratio")):
        given = ALL if loss == "ce" else (*TEN, "three")  # the ratio needs three classes
        run(f"apgd-{loss}", norm, autoattack(APGDAttack, n_iter=100, n_restarts=1, loss=loss, rho=0.75, use_largereps=large), given, SOME)
        run(f"apgd-{loss}", norm, adv(whole(al.apgd), "norm", n_iter=100, n_restarts=1, loss_function=loss, rho=0.75, use_large_reps=large), n=SOME)
        if norm != "l1":
            run(f"apgd-{loss}", norm, torchattack(ta.APGD, norm=0, steps=100, n_restarts=1, loss=loss, rho=0.75), n=SOME)
            run(f"apgd-{loss}", norm, art_(ae.AutoProjectedGradientDescent, **fast(norm=0, eps_step=lambda e: 2 * e, max_iter=100, nb_random_init=1, loss_type=kind)), n=SOME)
    run("apgd-t", norm, autoattack(APGDAttack_targeted, n_iter=100, n_restarts=1, n_target_classes=9, rho=0.75, use_largereps=large), TEN, FEW)
    run("fab-t", norm, autoattack(FABAttack_PT, n_iter=100, n_restarts=1, n_target_classes=9, targeted=True), ALL, FEW)
    run("square-1000", norm, autoattack(SquareAttack, n_queries=1000, p_init=0.8, loss="margin", resc_schedule=False), n=FEW)
    run("autoattack", norm, standard(), "std", FEW)
run("apgd-t", "linf", torchattack(ta.APGDT, norm=0, steps=100, n_restarts=1, rho=0.75, n_classes=10), n=FEW)
run("apgd-t", "linf", adv(whole(al.apgd_targeted), "norm", n_iter=100, n_restarts=1, rho=0.75, num_targets=9), n=FEW)
run("fab-t", "linf", torchattack(ta.FAB, norm=0, steps=100, n_restarts=1, multi_targeted=True, n_classes=10), n=FEW)
run("square-1000", "linf", torchattack(ta.Square, norm=0, n_queries=1000, p_init=0.8, loss="margin", resc_schedule=False), n=FEW)
run("square-1000", "linf", art_(ae.SquareAttack, **fast(norm=0, max_iter=1000, p_init=0.8, nb_restarts=1)), n=FEW)
run("autoattack", "linf", standard(), "at", FEW)
run("autoattack", "l2", standard(), "at", FEW)

run("spsa-40", "linf", torchattack(ta.SPSA, delta=0.01, lr=0.01, nb_iter=40, nb_sample=128, max_batch_size=128), n=TINY)
run("nes-40", "linf", foolbox(fa.LinfPGD, estimator={"samples": 100, "sigma": 0.01}, rel_stepsize=1 / 15, steps=40, random_start=False), n=TINY)
run("universal", "linf", universal(attacker="deepfool", delta=0.01, max_iter=3), "std", SOME, epsilon=0.2)

# --- anywhere ----------------------------------------------------------------------------------------------------------------------

run("spatial-grid", None, foolbox(fa.SpatialAttack, max_translation=2, max_rotation=15, num_translations=5, num_rotations=11, grid_search=True), n=SOME)
run("spatial-grid-common", None, art_(ae.SpatialTransformation, max_translation=7.2, num_translations=5, max_rotation=15.0, num_rotations=7), n=SOME)
run("patch", None, patch(10, 9, learning_rate=0.1, max_iter=60, optimizer="Adam"), n=SOME)


# --- as near as possible -----------------------------------------------------------------------------------------------------------


def near(attack, norm, call, models=MNIST, n=FEW, target=False):
    run(attack, norm, call, models, n, minimal=True, target=target)


for norm, cls in (("linf", fa.LInfFMNAttack), ("l2", fa.L2FMNAttack), ("l1", fa.L1FMNAttack), ("l0", fa.L0FMNAttack)):
    near("least", norm, least(exact.linear), "softmax", MANY)
    length = 10.0 if norm == "linf" else 1.0
    near("fmn-200", norm, foolbox(cls, steps=200, max_stepsize=length, gamma=0.05, binary_search_steps=10), TEN)
    near("fmn-200", norm, adv(al.fmn, "norm", steps=200, α_init=length, γ_init=0.05, γ_final=0.001), TEN)
    if norm != "l0":
        near("least", norm, least(exact.plane), "three", SOME)
        near("fmn-200", norm, foolbox(cls, steps=200, max_stepsize=0.1, gamma=0.05, binary_search_steps=10), POINTS, SOME)
        near("fab", norm, adv(al.fab, "norm", n_iter=100, restarts=1), ALL, TINY)
        near("fab", norm, autoattack(FABAttack_PT, n_iter=100, n_restarts=1, targeted=False), ("softmax", *POINTS), FEW)
        near("pdpgd-200", norm, adv(al.pdpgd, "norm", num_steps=200))
near("sigma-zero-500", "l0", adv(al.sigma_zero, num_steps=500), TEN)
near("alma-300", "l2", adv(alma, num_steps=300, distance="l2", init_lr_distance=1))
near("alma-300", "l1", adv(alma, num_steps=300, distance="l1", init_lr_distance=1))
near("trust-region-200", "l2", adv(al.tr, iter=200, adaptive=True, p=2, eps=0.001, c=9))
for norm, cls in (("l2", fa.L2DeepFoolAttack), ("linf", fa.LinfDeepFoolAttack)):
    near("deepfool-50", norm, foolbox(cls, steps=50, candidates=None, overshoot=0.02), ALL, SOME)
    near("deepfool-50", norm, adv(al.df, "norm", steps=50, overshoot=0.02), ALL, SOME)
near("deepfool-50", "l2", torchattack(ta.DeepFool, steps=50, overshoot=0.02))
near("deepfool-50", "l2", art_(ae.DeepFool, **fast(max_iter=50, epsilon=0.02, nb_grads=10)), n=SOME)
near("superdeepfool-100", "l2", adv(al.sdf, steps=100, df_steps=100, overshoot=0.02, search_iter=10), TEN)
near("ddn-200", "l2", foolbox(fa.DDNAttack, init_epsilon=1.0, steps=200, gamma=0.05), ALL)
near("ddn-200", "l2", adv(al.ddn, steps=200, γ=0.05, init_norm=1.0, levels=None), ALL)
carlini = {"binary_search_steps": 6, "confidence": 0, "initial_const": 1e-2, "abort_early": True}
near("cw-6x300", "l2", foolbox(fa.L2CarliniWagnerAttack, steps=300, stepsize=2e-2, **carlini), ALL, TINY)
near("cw-6x300", "l2", adv(al.carlini_wagner_l2, max_iterations=300, learning_rate=2e-2, **carlini), n=TINY)
near("cw-6x300", "l2", art_(ae.CarliniL2Method, confidence=0.0, learning_rate=0.02, binary_search_steps=6, max_iter=100, initial_const=1e-2, batch_size=10), n=10)
near("cw-200", "l2", torchattack(ta.CW, c=1, kappa=0, steps=200, lr=0.01))
constants = {"initial_const": 1e-5, "largest_const": 20.0, "decrease_factor": 0.9}
near("cw", "linf", adv(al.carlini_wagner_linf, max_iterations=200, learning_rate=1e-2, const_factor=2, reduce_const=False, **constants), n=TINY)
near("cw", "linf", art_(ae.CarliniLInfMethod, learning_rate=0.01, max_iter=50, const_factor=2.0, batch_size=10, **constants), "std", 10)
for rule, cls in (("L1", ta.EADL1), ("EN", ta.EADEN)):
    name = f"ead-{rule.lower()}-9x100"
    near(name, "l1", foolbox(fa.EADAttack, binary_search_steps=9, steps=100, initial_stepsize=1e-2, initial_const=1e-3, regularization=1e-2, decision_rule=rule, abort_early=True), TEN, TINY)
    near(name, "l1", art_(ae.ElasticNet, learning_rate=1e-2, binary_search_steps=9, max_iter=100, beta=1e-2, initial_const=1e-3, batch_size=10, decision_rule=rule), n=10)
    near(name, "l1", torchattack(cls, lr=0.01, binary_search_steps=9, max_iterations=100, initial_const=1e-3, beta=1e-2), n=TINY)
near("jsma-targeted", "l0", torchattack(ta.JSMA, theta=1.0, gamma=0.1), n=10, target=True)
near("jsma-targeted", "l0", art_(ae.SaliencyMapMethod, theta=1.0, gamma=0.1, batch_size=50, target=True), target=True)
near("pointwise", "l0", foolbox(fa.PointwiseAttack, l2_binary_search=False), n=10)
near("boundary-3000", "l2", foolbox(fa.BoundaryAttack, steps=3000), (*MNIST, "three"), TINY)
for norm in ("l2", "linf"):
    near("hop-skip-jump-30", norm, foolbox(fa.HopSkipJumpAttack, steps=30, initial_gradient_eval_steps=100, max_gradient_eval_steps=10000, constraint=norm), (*MNIST, *POINTS), TINY)
near("hop-skip-jump-30", "l2", art_(ae.HopSkipJump, norm=0, max_iter=30, max_eval=10000, init_eval=100, init_size=100), n=10)
near("geoda-4000", "l2", art_(ae.GeoDA, norm=0, sub_dim=10, max_iter=4000, bin_search_tol=0.01, lambda_param=0.6, sigma=0.0002), n=TINY)
near("sign-opt-4000", "l2", art_(ae.SignOPTAttack, targeted=False, num_trial=50, max_iter=1000, query_limit=4000, k=50), n=10)


# --- asking ------------------------------------------------------------------------------------------------------------------------


def answer(victim, attack, norm, call, n, minimal, target, epsilon, draws):
    library, parameters, f = call
    n = min(n, len(victim.x))
    e = None if minimal or norm is None else epsilon or EPSILON[victim.name][norm]
    p = {k: q(e) if callable(q) else q for k, q in parameters.items()}
    head = {"model": victim.name, "attack": attack, "norm": norm, "library": library}
    if e is not None:
        head["epsilon"] = e
    if target:
        head["target"] = "(label + 1) % classes"
    shown = {k: q for k, q in p.items() if k not in ("norm", "target", "targeted", "batch_size")}
    head.update(parameters={k: round(q, 9) if isinstance(q, float) else q for k, q in shown.items()}, seed=SEED)
    if library == "exact":
        d = f(victim, victim.x[:n], victim.y[:n], norm, None, {})
        return {**head, "n": n, "success": 1.0, "median": round(d.median().item(), 6), "mean": round(d.mean().item(), 6), "distances": [round(q, 6) for q in d.tolist()]}
    goal = (victim.y + 1) % victim.classes if target else None

    def draw(seed):
        victim.seed = seed
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            return judged(victim, lambda v, x, y: f(v, x, y, norm, e, dict(p)), n, norm, e, goal, seed)[0]

    first = draw(SEED)
    if draws > 1:
        key = "median" if minimal else "success"
        first["draws"] = [first[key], *(draw(SEED + k)[key] for k in range(1, draws))]
    return {**head, **first}


def main(parts, draws):
    old = json.loads(FILE.read_text())["runs"] if FILE.exists() else []
    name = lambda r: f"{r['model']}/{r['attack']}/{r['norm']}/{r['library']}"  # noqa: E731
    known = {name(r): r for r in old}
    victims = {m: Victim(m) for m in EPSILON}
    keys = [f"{m}/{attack}/{norm}/{call[0]}" for m, attack, norm, call, *_ in RUNS]
    assert len(set(keys)) == len(keys), sorted(k for k in keys if keys.count(k) > 1)
    for key, (m, *rest) in zip(keys, RUNS):
        if key in known if not parts else not any(p in key for p in parts):
            continue
        try:
            known[key] = answer(victims[m], *rest, draws)
            print(key, {k: q for k, q in known[key].items() if k in ("epsilon", "n", "success", "median", "forwards", "backwards", "seconds")}, flush=True)
        except Exception:
            known.pop(key, None)
            print(key, "failed:", traceback.format_exc(limit=-3), flush=True)
        packages = ("foolbox", "torchattacks", "adversarial-robustness-toolbox", "pyautoattack", "adv-lib", "torch", "numpy")
        head = {
            "versions": {p: version(p) for p in packages},
            "models": {m: {"file": f"{m}.onnx", "sha256": hashlib.sha256((HERE / f"{m}.onnx").read_bytes()).hexdigest()} for m in victims},
        }  # fmt: skip
        lines = ",\n".join(json.dumps(known[k], ensure_ascii=False) for k in keys if k in known)
        FILE.write_text(json.dumps(head)[:-1] + ', "runs": [\n' + lines + "\n]}\n")


if __name__ == "__main__":
    given = sys.argv[1:]
    main(given[2:], int(given[1])) if given[:1] == ["--draws"] else main(given, 1)
