"""
scikit-learn classifiers as skl2onnx writes them, with scikit-learn's class probabilities, and the input gradients of a twin of each in
PyTorch (double precision) whose probabilities are checked against scikit-learn's: test/golden/architectures/.
  python3 test/golden/sklearn_models.py        (scikit-learn, skl2onnx, torch)
"""
import base64
import json
import pathlib

import numpy as np
import skl2onnx
import sklearn
import torch
from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, Normalizer, StandardScaler
from skl2onnx.common.data_types import FloatTensorType

OUT = pathlib.Path(__file__).with_name("architectures")
FEATURES = 8
rng = np.random.default_rng(0)
means = rng.normal(0, 2, (3, FEATURES))
labels3 = rng.integers(0, 3, 300)
samples = (means[labels3] + rng.normal(0, 1.5, (300, FEATURES))).astype("f4")
labels2 = (labels3 > 0).astype(int)

mlp = lambda activation: MLPClassifier((12, 8), activation=activation, max_iter=60, random_state=0)  # noqa: E731
PLAIN, MAPS = {"zipmap": False}, {}
# model, labels, options, opset, has a gradient
ROWS = {
    "sklearn-mlp-relu": (mlp("relu"), labels3, PLAIN, 15, True),
    "sklearn-mlp-tanh-binary": (mlp("tanh"), labels2, PLAIN, 12, True),
    "sklearn-mlp-logistic-names": (mlp("logistic"), np.array(["ant", "bee", "cow"])[labels3], PLAIN, 18, True),
    "sklearn-logistic": (LogisticRegression(), labels3, PLAIN, 13, True),
    "sklearn-logistic-binary": (LogisticRegression(), labels2, PLAIN, 11, True),
    "sklearn-logistic-zipmap": (LogisticRegression(), labels3, MAPS, 17, True),
    "sklearn-standard-mlp": (make_pipeline(StandardScaler(), mlp("relu")), labels3, PLAIN, 20, True),
    "sklearn-standard-logistic-binary": (make_pipeline(StandardScaler(), LogisticRegression()), labels2, PLAIN, 19, True),
    "sklearn-minmax-logistic": (make_pipeline(MinMaxScaler((-1, 1)), LogisticRegression()), labels3, PLAIN, 14, True),
    "sklearn-normalizer-l2-logistic": (make_pipeline(Normalizer(), LogisticRegression()), labels3, PLAIN, 16, True),
    "sklearn-normalizer-l1-logistic": (make_pipeline(Normalizer("l1"), LogisticRegression()), labels3, PLAIN, 16, True),
    "sklearn-forest": (RandomForestClassifier(6, max_depth=4, random_state=0), labels3, PLAIN, 15, False),
    "sklearn-boosting": (GradientBoostingClassifier(n_estimators=5, random_state=0), labels3, PLAIN, 15, False),
    "sklearn-boosting-binary": (GradientBoostingClassifier(n_estimators=5, random_state=0), labels2, PLAIN, 12, False),
}  # fmt: skip

base = lambda t: base64.b64encode(np.ascontiguousarray(t, dtype="<f4").tobytes()).decode()  # noqa: E731
t = lambda a: torch.tensor(np.asarray(a, "f8"))  # noqa: E731


def twin(model, x):
    """The same function of x in PyTorch."""
    if isinstance(model, StandardScaler):
        return (x - t(model.mean_)) / t(model.scale_)
    if isinstance(model, MinMaxScaler):
        return x * t(model.scale_) + t(model.min_)
    if isinstance(model, Normalizer):
        return x / x.norm(p={"l1": 1, "l2": 2}[model.norm], dim=1, keepdim=True)
    if isinstance(model, LogisticRegression):
        z = x @ t(model.coef_).T + t(model.intercept_)
    elif isinstance(model, MLPClassifier):
        for i, (w, b) in enumerate(zip(model.coefs_, model.intercepts_)):
            z = x @ t(w) + t(b)
            x = {"relu": torch.relu, "tanh": torch.tanh, "logistic": torch.sigmoid}[model.activation](z)
    else:
        for _, step in model.steps:
            x = twin(step, x)
        return x
    return torch.softmax(z, 1) if z.shape[1] > 1 else torch.cat([1 - torch.sigmoid(z), torch.sigmoid(z)], 1)


answers, files = {}, []
for name, (model, labels, options, opset, smooth) in ROWS.items():
    model.fit(samples, labels)
    x = samples[:4] + np.float32(0.25)
    y, classes = model.predict_proba(x), np.arange(4) % len(model.classes_)
    answer = {"shape": list(x.shape), "x": base(x), "labels": classes.tolist(), "y": base(y), "note": "probabilities"}
    if smooth:
        v = t(x.astype("f8")).requires_grad_(True)
        p = twin(model, v)
        # in the model's own precision: scikit-learn's float32 networks differ from the twin by that much
        assert np.abs(p.detach().numpy() - y).max() < 1e-5, name
        (g,) = torch.autograd.grad(-p[range(4), classes].log().sum(), v)
        answer["gradient"] = base(g)
    answers[name] = answer
    final = model.steps[-1][1] if hasattr(model, "steps") else model
    onx = skl2onnx.to_onnx(model, initial_types=[("x", FloatTensorType([None, FEATURES]))], target_opset={"": opset, "ai.onnx.ml": 3},
                           options={id(final): options} if options else None)  # fmt: skip
    file = f"{name}-{opset}.onnx"
    (OUT / file).write_bytes(onx.SerializeToString())
    files.append({"file": file, "answer": name, "exporter": f"skl2onnx {skl2onnx.__version__}", "output": 1})
    print(f"{file:40} {(OUT / file).stat().st_size:8}")
(OUT / "sklearn.json").write_text(json.dumps({"versions": {"sklearn": sklearn.__version__, "skl2onnx": skl2onnx.__version__}, "answers": answers, "files": files}, indent=1) + "\n")
