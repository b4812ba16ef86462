"""
Quantiles that certificates by smoothing rest on, in 60 digits by mpmath, some beside scipy's: test/golden/smooth.json.
  python3 test/golden/smooth.py > test/golden/smooth.json        (mpmath, scipy)
"""

import json
import math
import random

from mpmath import betainc, erfc, findroot, log, mp, mpf, sqrt
from scipy import stats

mp.dps = 60
random.seed(0)


def bisect(f, low, high, steps=300):
    """Where the increasing f crosses 0."""
    for _ in range(steps):
        middle = (low + high) / 2
        low, high = (middle, high) if f(middle) < 0 else (low, middle)
    return (low + high) / 2


def normal_quantile(p):
    """From the nearer tail, where ½ erfc(z/√2) keeps its digits."""
    tail = min(mpf(p), 1 - mpf(p))
    z = findroot(lambda z: log(erfc(z / sqrt(2)) / 2 / tail), mpf(-stats.norm.ppf(float(tail))))
    return z if p > 0.5 else -z


def at_most(m, n, q):
    """P(Bin(n, q) ≤ m), term by term."""
    term = total = (1 - q) ** n
    for j in range(1, m + 1):
        term *= q * (n - j + 1) / (j * (1 - q))
        total += term
    return total


def clopper_pearson(k, n, alpha):
    """p and 1 − p: the chance of a failure at which n − k failures or fewer have the probability α. No gamma, no fraction."""
    alpha = mpf(alpha)
    guess = 1 - mpf(float(stats.beta.ppf(float(alpha), k, n - k + 1)))
    f = lambda q: alpha - at_most(n - k, n, q)
    low, high = guess - mpf(10) ** -6 * (1 - guess), min(guess + mpf(10) ** -6 * guess, 1 - mpf(10) ** -40)
    low = max(low, mpf(10) ** -40)
    assert f(low) < 0 < f(high), (k, n, alpha)
    q = bisect(f, low, high, 100)
    return 1 - q, q


def text(x):
    return mp.nstr(x, 25)


uniform = [random.random() for _ in range(60)]
tails = [10 ** random.uniform(-300, -1) for _ in range(30)] + [1 - 10 ** random.uniform(-15, -1) for _ in range(30)]
edges = [0.5, 0.075, 0.925, 0.0749999, 0.9250001, math.exp(-25), math.exp(-25.001), 1e-300, 5e-324, 1 - 2**-53]
normal = [[p, text(normal_quantile(p))] for p in uniform + tails + edges]

shapes = [(1, 1), (0.5, 0.5), (2, 3), (1, 100), (99.5, 1.25), (30, 71), (450, 551), (13.7, 4.2)]
beta = []
for a, b in shapes:
    for x in [1e-3, 0.02, 0.3, 0.45, 0.5, 0.77, 0.999]:
        beta.append([x, a, b, text(betainc(a, b, 0, x, regularized=True))])

quantile = []
for a, b in shapes:
    for p in [1e-6, 0.001, 0.3, 0.5, 0.95]:
        x = bisect(lambda t: betainc(a, b, 0, t, regularized=True) - mpf(p), mpf(0), mpf(1), 120)
        assert abs(float(x) - stats.beta.ppf(p, a, b)) <= 1e-7 * float(x), (a, b, p)
        quantile.append([p, a, b, text(x), text(1 - x)])

bounds = []
for k, n in [(1, 1), (10, 10), (6, 10), (1, 10), (60, 100), (99, 100), (100, 100), (501, 1000), (999, 1000), (1000, 1000), (700, 1000)] + [
    (100000, 100000), (99999, 100000), (99990, 100000), (99000, 100000), (97000, 100000)
]:
    for alpha in [1e-9, 0.001, 0.05, 0.9]:
        bounds.append([k, n, alpha, *map(text, clopper_pearson(k, n, alpha))])
bounds.append([50500, 100000, 0.001, *map(text, clopper_pearson(50500, 100000, 0.001))])

# votes of two classes, and how likely equal chances share them so unevenly
votes = [[a, b, float(stats.binomtest(a, a + b, 0.5).pvalue)] for a, b in [(5, 5), (9, 1), (60, 40), (61, 39), (99, 1), (530, 470), (700, 300)]]

# the largest radius for σ = 1: all n agree
ceilings = [[n, alpha, text(normal_quantile(mpf(alpha) ** (mpf(1) / n)))] for n in [10, 100, 1000, 100000] for alpha in [0.001, 0.05]]

rows = lambda name, xs: f' "{name}": [\n' + ",\n".join(f"  {json.dumps(x)}" for x in xs) + "\n ]"
print("{\n" + ",\n".join([rows("normal", normal), rows("beta", beta), rows("quantile", quantile), rows("clopperPearson", bounds), rows("votes", votes), rows("ceiling", ceilings)]) + "\n}")
