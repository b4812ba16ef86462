"""
Networks of full size for the bench, with random weights, as ONNX files beside their PyTorch state: OUT/NAME.onnx and OUT/NAME.pt.
  python3 bench/models.py OUT        (torch, torchvision, onnx)
"""
import pathlib
import sys

import torch
import torchvision
from torch import nn


def resnet18_32():
    """ResNet-18 for CIFAR-10, as usual for 32×32: a 3×3 stem of stride 1, no first pooling."""
    net = torchvision.models.resnet18(num_classes=10)
    net.conv1, net.maxpool = nn.Conv2d(3, 64, 3, 1, 1, bias=False), nn.Identity()
    return net


def cnn_mnist():
    """conv16-conv32 (4×4, stride 2)-fc100 of Wong et al. 2020, which the project calls `cnn`."""
    return nn.Sequential(
        nn.Conv2d(1, 16, 4, 2, 1), nn.ReLU(), nn.Conv2d(16, 32, 4, 2, 1), nn.ReLU(), nn.Flatten(), nn.Linear(1568, 100), nn.ReLU(), nn.Linear(100, 10)
    )


MODELS = {"cnn-mnist": (cnn_mnist, 1, 28), "resnet18-32": (resnet18_32, 3, 32), "resnet50-224": (torchvision.models.resnet50, 3, 224)}

if __name__ == "__main__":
    out = pathlib.Path(sys.argv[1])
    out.mkdir(parents=True, exist_ok=True)
    for name, (build, channels, size) in MODELS.items():
        torch.manual_seed(0)
        net = build()
        for m in net.modules():
            if isinstance(m, nn.BatchNorm2d):
                # as after training: statistics that are not the identity's
                m.running_mean.normal_(0, 0.1), m.running_var.uniform_(0.5, 1.5)
        net.eval()
        torch.save(net.state_dict(), out / f"{name}.pt")
        torch.onnx.export(net, (torch.rand(1, channels, size, size),), out / f"{name}.onnx", opset_version=17, dynamo=False,
                          input_names=["x"], output_names=["logits"], dynamic_axes={"x": {0: "N"}, "logits": {0: "N"}})  # fmt: skip
        print(name, (out / f"{name}.onnx").stat().st_size)
