"""
Models as PyTorch exports them, with PyTorch's outputs and input gradients: test/golden/exported/.
  python3 test/golden/export.py        (torch, onnx, onnxscript)
"""
import json
import pathlib
import warnings

import torch
from torch import nn

warnings.filterwarnings("ignore")
torch.manual_seed(0)
OUT = pathlib.Path(__file__).with_name("exported")
OUT.mkdir(exist_ok=True)


class Fold(nn.Module):
    def forward(self, x):
        return x.reshape(-1, 8, 2, 2)


class Attention(nn.Module):
    """One transformer block on 4 tokens of width 8."""

    def __init__(self):
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(8), nn.LayerNorm(8)
        self.qkv, self.proj = nn.Linear(8, 24), nn.Linear(8, 8)
        self.mlp = nn.Sequential(nn.Linear(8, 16), nn.GELU(), nn.Linear(16, 8))
        self.head = nn.Linear(8, 3)

    def forward(self, x):
        q, k, v = self.qkv(self.norm1(x)).chunk(3, dim=-1)
        x = x + self.proj(torch.softmax(q @ k.transpose(1, 2) / 8**0.5, dim=-1) @ v)
        x = x + self.mlp(self.norm2(x))
        return self.head(x.mean(dim=1))


class Residual(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 4, 3, 2, 1, bias=False), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(3, 2, 1))
        self.block = nn.Sequential(nn.Conv2d(4, 4, 3, 1, 1, groups=2), nn.BatchNorm2d(4), nn.SiLU(), nn.Conv2d(4, 4, 1), nn.BatchNorm2d(4))
        self.head = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(0.5), nn.Linear(4, 3))

    def forward(self, x):
        x = self.stem(x)
        return self.head(torch.relu(x + self.block(x)))


class Decoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(
            nn.Linear(5, 32), nn.LeakyReLU(0.2), Fold(),
            nn.ConvTranspose2d(8, 4, 4, 2, 1), nn.GroupNorm(2, 4), nn.ELU(),
            nn.Upsample(scale_factor=2, mode="nearest"), nn.Conv2d(4, 4, 3, padding=1), nn.InstanceNorm2d(4, affine=True), nn.Hardswish(),
            nn.Upsample(scale_factor=2, mode="bilinear", align_corners=False), nn.Conv2d(4, 1, 3, padding=1), nn.PReLU(), nn.AvgPool2d(2), nn.Sigmoid(),
        )  # fmt: skip

    def forward(self, x):
        return self.net(x).flatten(1)[:, ::8].clamp(0.05, 0.95)


MODELS = {"attention": (Attention(), (4, 8)), "residual": (Residual(), (3, 16, 16)), "decoder": (Decoder(), (5,))}
# the older exporter writes the old forms, the newer one today's
EXPORTS = {"attention": [(9, False), (14, False), (18, True)], "residual": [(7, False), (11, False), (17, False), (20, True)], "decoder": [(11, False), (18, False), (21, True)]}

answers = []
for name, (net, shape) in MODELS.items():
    for m in net.modules():
        if isinstance(m, nn.BatchNorm2d):
            m.running_mean.normal_(0, 0.3), m.running_var.uniform_(0.5, 2)
    net.eval()
    x = torch.rand(2, *shape) - 0.3
    x.requires_grad_(True)
    y = net(x)
    weights = torch.randn_like(y)
    (g,) = torch.autograd.grad((y * weights).sum(), x)
    for opset, dynamo in EXPORTS[name]:
        file = f"{name}-{opset}{'-dynamo' if dynamo else ''}.onnx"
        try:
            if dynamo:
                torch.onnx.export(net, (x.detach(),), OUT / file, opset_version=opset, dynamo=True, external_data=False, verbose=False,
                                  dynamic_shapes=({0: torch.export.Dim("N", min=1, max=64)},))
            else:
                torch.onnx.export(net, (x.detach(),), OUT / file, opset_version=opset, dynamo=False, input_names=["x"], dynamic_axes={"x": {0: "N"}})
        except Exception as error:
            print(file, "not exported:", str(error).splitlines()[0][:100])
            continue
        flat = lambda t: [round(v, 6) for v in t.detach().flatten().tolist()]  # noqa: E731
        answers.append({"file": file, "x": {"shape": list(x.shape), "data": flat(x)}, "y": flat(y), "weights": flat(weights), "gradient": flat(g)})
        print(file, (OUT / file).stat().st_size)
(OUT / "answers.json").write_text(json.dumps({"torch": torch.__version__, "answers": answers}) + "\n")
