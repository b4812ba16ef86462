"""
The usual architectures (networks.py) as PyTorch's two exporters, a converter to halves and a quantiser write them, with the outputs and
input gradients that PyTorch computes in double precision: test/golden/architectures/.
  python3 test/golden/architectures.py [NET …]        (torch, torchvision, timm, onnx, onnxscript, onnxruntime, onnxconverter-common)
"""
import base64
import json
import logging
import pathlib
import sys
import warnings

import numpy as np
import onnx
import onnxruntime
import timm
import torch
import torchvision
from networks import CLASSES, NETS, network
from onnxconverter_common import float16
from onnxruntime import quantization
from quantized import Straight, Twin

warnings.filterwarnings("ignore")
logging.disable(logging.WARNING)
torch.set_num_threads(1)
OUT = pathlib.Path(__file__).with_name("architectures")
BATCH = 2

# opset of the older exporter: number; of the newer: "18d"; its unoptimised file, with functions of its own: "18f"; a fixed batch: "17x"
EXPORTS = {
    "resnet": "9 13 17x 18d", "se-resnet-d": "11 18d", "vgg": "10 20d", "densenet": "9 19d", "mobilenet-v2": "12 21d", "mobilenet-v3": "14 18d 18f",
    "efficientnet": "15 19d", "shufflenet": "10 18d", "inception": "11 20d", "squeezenet": "10 21d", "convnext-timm": "13 17 20d",
    "convnext-v2": "16 18d", "convnext-torchvision": "12 20 21d", "vit-timm": "14 17 18d 20f 23d", "vit-torchvision": "14 18 20d", "swin-timm": "16 19d",
    "swin-torchvision": "17 21d", "mixer": "9 20d", "conv1d": "9 15 21d", "lstm": "9 14 18d", "lstm-2": "11 17x 20d", "gru": "10 20 18d",
    "gru-both-ways": "9 17 21d", "rnn": "12 18d", "encoder": "14 19 20d", "plain": "13 18d",
}  # fmt: skip

base = lambda t: base64.b64encode(np.ascontiguousarray(t.detach().numpy(), dtype="<f4").tobytes()).decode()  # noqa: E731


def answer(net, x):
    """What `net` computes, and the gradient of the summed cross-entropy at labels 0, 1, …"""
    x = x.detach().requires_grad_(True)
    y, labels = net(x), torch.arange(len(x)) % CLASSES
    (g,) = torch.autograd.grad(torch.nn.functional.cross_entropy(y, labels, reduction="sum"), x)
    return {"shape": list(x.shape), "x": base(x), "labels": labels.tolist(), "y": base(y), "gradient": base(g)}


def save(model, file):
    """Without the exporter's diary: stack traces are most of a small file."""
    for node in [*model.graph.node, *(n for f in model.functions for n in f.node)]:
        del node.metadata_props[:]
    for value in [*model.graph.value_info, *model.graph.input, *model.graph.output, *model.graph.initializer]:
        del value.metadata_props[:]
    del model.graph.metadata_props[:], model.metadata_props[:]
    onnx.save(model, OUT / file)


def export(net, x, file, spec):
    opset, kind = int(spec.rstrip("dfx")), spec[-1]
    if kind in "df":
        torch.onnx.export(net, (x,), OUT / file, opset_version=opset, dynamo=True, external_data=False, verbose=False, optimize=kind == "d",
                          input_names=["x"], dynamic_shapes=({0: torch.export.Dim("N", min=1, max=64)},))  # fmt: skip
    else:
        axes = {} if kind == "x" else {"x": {0: "N"}, "logits": {0: "N"}}
        torch.onnx.export(net, (x,), OUT / file, opset_version=opset, dynamo=False, input_names=["x"], output_names=["logits"], dynamic_axes=axes)
    save(onnx.load(OUT / file), file)


class Samples(quantization.CalibrationDataReader):
    def __init__(self, shape):
        self.left = [{"x": np.random.default_rng(i).uniform(-1, 1, (16, *shape)).astype("f4")} for i in range(4)]

    def get_next(self):
        return self.left.pop() if self.left else None


if __name__ == "__main__":
    OUT.mkdir(exist_ok=True)
    wanted = sys.argv[1:] or list(NETS)
    index = OUT / "torch.json"
    # what is not asked again stays
    before = json.loads(index.read_text()) if index.exists() else {"answers": {}, "files": []}
    answers = {name: a for name, a in before["answers"].items() if a.get("of", name) not in wanted}
    files = [f for f in before["files"] if f["answer"] in answers]

    def row(file, name, exporter):
        files.append({"file": file, "answer": name, "exporter": exporter})
        print(f"{file:40} {(OUT / file).stat().st_size:8}", flush=True)

    for name in wanted:
        net, shape = network(name)
        # eighths compress, and are halves too; but they would be ties when rounded to whole numbers
        x = torch.rand(BATCH, *shape) * 2 - 1 if name == "plain" else torch.randint(-8, 9, (BATCH, *shape)) / 8
        for spec in EXPORTS[name].split():
            file = f"{name}-{spec.rstrip('dfx')}{ {'d': '-dynamo', 'f': '-functions', 'x': '-fixed'}.get(spec[-1], '') }.onnx"
            try:
                export(net, x, file, spec)
                row(file, name, "torch.onnx dynamo" if spec[-1] in "df" else "torch.onnx torchscript")
            except Exception as error:  # an exporter's own gap
                (OUT / file).unlink(missing_ok=True)
                print(f"{file:40} not exported: {type(error).__name__} {str(error)[:200]!r}", flush=True)
        def special(file, exporter, twin, note):
            answers[file[:-5]] = {"of": name, "note": note, **answer(twin.double(), x.double())}
            row(file, file[:-5], exporter)

        if name == "plain":
            # onnxruntime's default weights of 8 bits saturate its sums on x86 without VNNI; of 7 bits (reduce_range) they do not, as its guide says
            for suffix, options in {"": {}, "-channels": {"per_channel": True}, "-8-bit": {"reduce_range": False}}.items():
                file = f"plain-13-int8{suffix}.onnx"
                options = {"quant_format": quantization.QuantFormat.QDQ, "reduce_range": True, **options}
                quantization.quantize_static(OUT / "plain-13.onnx", OUT / file, Samples(shape), **options)
                Straight.margin = 0.5
                special(file, "onnxruntime.quantization QDQ", Twin(onnx.load(OUT / file)), "straight-through")
                assert Straight.margin > 1e-5, "float32 may round a number of this sample the other way: take another"
        # the twin: weights as halves, computed in double precision
        if name == "vit-timm":
            export(network(name)[0].half(), x.half(), file := f"{name}-17-half.onnx", "17")
            special(file, "torch.onnx torchscript, model.half()", network(name)[0].half(), "half")
        if name == "convnext-timm":
            model = float16.convert_float_to_float16(onnx.load(OUT / f"{name}-17.onnx"), keep_io_types=True)
            onnx.save(model, OUT / (file := f"{name}-17-half-inside.onnx"))
            special(file, "onnxconverter-common float16, keep_io_types", network(name)[0].half(), "half")
        answers[name] = answer(net.double(), x.double())
    versions = {m.__name__: m.__version__ for m in (torch, torchvision, timm, onnx, onnxruntime)}
    index.write_text(json.dumps({"versions": versions, "answers": answers, "files": files}, indent=1) + "\n")
