"""References for metrics of generators, by numpy and scipy: python test/golden/gan.py > test/golden/gan.json"""

import json

import numpy as np
from scipy.linalg import sqrtm
from scipy.special import logsumexp


def features(n, d, seed):
    i, j = np.mgrid[0:n, 0:d]
    u = np.sin(12.9898 * (i + 1) + 78.233 * (j + 1) + 3.7 * seed) * 43758.5453
    return np.float32((u - np.floor(u)) * (1 + 0.1 * seed))


def frechet(a, b):
    a, b = np.float64(a), np.float64(b)
    s, t = np.cov(a, rowvar=False), np.cov(b, rowvar=False)
    return float(((a.mean(0) - b.mean(0)) ** 2).sum() + np.trace(s + t - 2 * sqrtm(s @ t).real))


def kid(a, b):
    a, b = np.float64(a), np.float64(b)
    k = lambda x, y: (x @ y.T / x.shape[1] + 1) ** 3
    n, m = len(a), len(b)
    aa, bb, ab = k(a, a), k(b, b), k(a, b)
    return float((aa.sum() - np.trace(aa)) / (n * (n - 1)) + (bb.sum() - np.trace(bb)) / (m * (m - 1)) - 2 * ab.mean())


def prdc(real, fake, k=5):
    real, fake = np.float64(real), np.float64(fake)
    d = lambda x, y: np.sqrt(np.maximum(((x[:, None] - y[None]) ** 2).sum(-1), 0))
    rr, ff, rf = d(real, real), d(fake, fake), d(real, fake)
    r_real, r_fake = np.sort(rr, 1)[:, k], np.sort(ff, 1)[:, k]
    return {
        "precision": float((rf <= r_real[:, None]).any(0).mean()),
        "recall": float((rf <= r_fake[None]).any(1).mean()),
        "density": float((rf <= r_real[:, None]).sum(0).mean() / k),
        "coverage": float((rf.min(1) <= r_real).mean()),
    }


def parzen(samples, valid, test):
    samples, valid, test = map(np.float64, (samples, valid, test))

    def ll(x, s):
        d2 = ((x[:, None] - samples[None]) ** 2).sum(-1)
        return logsumexp(-d2 / (2 * s * s), axis=1) - np.log(len(samples)) - x.shape[1] * np.log(s * np.sqrt(2 * np.pi))

    sigmas = np.logspace(-1, 0, 10)
    best = sigmas[np.argmax([ll(valid, s).mean() for s in sigmas])]
    found = ll(test, best)
    return {"logLikelihood": float(found.mean()), "error": float(found.std() / np.sqrt(len(test))), "sigma": float(best)}


a, b = features(300, 6, 0), features(400, 6, 2)
print(json.dumps({
    "frechet": frechet(a, b),
    "kid": kid(a, b),
    "neighbours": prdc(a, b),
    "parzen": parzen(a, features(100, 6, 1), features(150, 6, 3)),
}, indent=1))
