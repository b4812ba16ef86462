"""The files of this folder: what scikit-learn's converter, onnxruntime's quantiser and the float16 converter write, and what onnxruntime answers.

python make.py, with numpy, scikit-learn, skl2onnx, torch, onnx, onnxruntime, onnxconverter-common.
"""
import json
import os
import sys

import numpy as np
import onnx
import onnxruntime as ort
import torch
from onnxconverter_common import float16
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, quantize_static
from skl2onnx import to_onnx
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier

here = os.path.dirname(os.path.abspath(__file__))
rng = np.random.default_rng(0)
X = rng.random((300, 6)).astype(np.float32)
three = (X[:, 0] > 0.5).astype(int) + (X[:, 1] > 0.5).astype(int)
two = (X[:, 0] + X[:, 1] > 1).astype(int)
names = np.array(["cat", "dog", "eel"])[three]
probe = rng.random((5, 6)).astype(np.float32)
answers = {"probe": probe.flatten().tolist()}


def plain(value):
    """A list of dictionaries, or an array, as nested lists."""
    if isinstance(value, list):
        return [[row[k] for k in sorted(row)] for row in value]
    return value.tolist()


def save(name, model, x=X[:1], **options):
    proto = to_onnx(model, x, **options)
    onnx.save(proto, f"{here}/{name}.onnx")
    outputs = ort.InferenceSession(proto.SerializeToString()).run(None, {"X": probe.astype(x.dtype)})
    answers[name] = {"labels": plain(outputs[0]), "scores": plain(outputs[1])}


forest = dict(n_estimators=3, max_depth=3, random_state=0)
mlp = dict(hidden_layer_sizes=(5,), max_iter=300, random_state=0)
flat = {"options": {"zipmap": False}}
save("forest", RandomForestClassifier(**forest).fit(X, three))
save("forest-names", RandomForestClassifier(**forest).fit(X, names))
save("logistic", LogisticRegression().fit(X, two))
save("mlp", MLPClassifier(**mlp).fit(X, three))
save("mlp-two", MLPClassifier(**mlp).fit(X, two), **flat)
save("mlp-float64", MLPClassifier(**mlp).fit(X, three), x=X[:1].astype(np.float64), **flat)
labels = onnx.load(f"{here}/forest-names.onnx")
del labels.graph.output[1]
onnx.save(labels, f"{here}/labels.onnx")

# a small convolution: float32, float16, int8 with QuantizeLinear and DequantizeLinear
torch.manual_seed(0)
net = torch.nn.Sequential(torch.nn.Conv2d(1, 3, 3), torch.nn.ReLU(), torch.nn.Flatten(), torch.nn.Linear(108, 4))
images = torch.rand(64, 1, 8, 8)
free = {"x": {0: "N"}, "y": {0: "N"}}
torch.onnx.export(net, images[:2], f"{here}/conv.onnx", input_names=["x"], output_names=["y"], dynamic_axes=free, dynamo=False, opset_version=17)
onnx.save(float16.convert_float_to_float16(onnx.load(f"{here}/conv.onnx")), f"{here}/conv-float16.onnx")


class Reader(CalibrationDataReader):
    def __init__(self):
        self.left = [{"x": images[:32].numpy()}]

    def get_next(self):
        return self.left.pop() if self.left else None


quantize_static(f"{here}/conv.onnx", f"{here}/conv-int8.onnx", Reader(), quant_format=QuantFormat.QDQ)

# bilinear, as PyTorch has it
grid = torch.arange(20.0).reshape(1, 1, 4, 5) ** 1.5
answers["bilinear"] = {
    size: torch.nn.functional.interpolate(grid, size=tuple(map(int, size.split(","))), mode="bilinear", align_corners=False).flatten().tolist()
    for size in ["6,3", "2,2", "9,5", "4,5"]
}
json.dump(answers, open(f"{here}/answers.json", "w"))
