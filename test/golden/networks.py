"""The networks of architectures.py: those of timm and torchvision, narrowed until a file is small. NETS: name → (network, shape of a sample)."""
from functools import partial

import timm.models as timm
import torch
import torchvision.models as tv
from torch import nn
from torchvision.models.convnext import CNBlockConfig
from torchvision.models.efficientnet import FusedMBConvConfig, MBConvConfig
from torchvision.models.googlenet import BasicConv2d, Inception
from torchvision.models.mobilenetv3 import InvertedResidualConfig
from torchvision.models.squeezenet import Fire

CLASSES = 5
IMAGE = (3, 32, 32)
SERIES = (12, 6)


def vgg():
    net = tv.VGG(nn.Identity(), init_weights=False)
    net.features = tv.vgg.make_layers([8, "M", 12, 12, "M"], batch_norm=True)
    net.classifier = nn.Sequential(nn.Linear(12 * 49, 24), nn.ReLU(), nn.Dropout(), nn.Linear(24, 24), nn.ReLU(), nn.Dropout(), nn.Linear(24, CLASSES))
    return net


def inception():
    return nn.Sequential(
        BasicConv2d(3, 12, kernel_size=3, stride=2, padding=1), nn.MaxPool2d(3, 2, ceil_mode=True),
        Inception(12, 4, 6, 8, 2, 4, 4), Inception(20, 4, 6, 8, 2, 4, 4), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(), nn.Linear(20, CLASSES),
    )  # fmt: skip


def squeezenet():
    return nn.Sequential(
        nn.Conv2d(3, 12, 3, 2), nn.ReLU(), nn.MaxPool2d(3, 2, ceil_mode=True), Fire(12, 4, 8, 8), Fire(16, 4, 8, 8),
        nn.Dropout(), nn.Conv2d(16, CLASSES, 1), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
    )  # fmt: skip


def mobilenet_v3():
    block = partial(InvertedResidualConfig, dilation=1, width_mult=1)
    blocks = [block(8, 3, 8, 8, True, "RE", 2), block(8, 3, 24, 12, False, "RE", 2), block(12, 5, 32, 12, True, "HS", 1)]
    return tv.MobileNetV3(blocks, last_channel=48, num_classes=CLASSES)


def efficientnet():
    blocks = [FusedMBConvConfig(1, 3, 1, 8, 8, 1), MBConvConfig(4, 3, 2, 8, 12, 2), MBConvConfig(4, 5, 2, 12, 16, 1)]
    return tv.EfficientNet(blocks, dropout=0.2, last_channel=64, num_classes=CLASSES)


class Conv1d(nn.Module):
    """As for sensors and sound: dilated convolutions over time."""

    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(
            nn.Conv1d(3, 8, 7, 2, 3), nn.BatchNorm1d(8), nn.ReLU(), nn.MaxPool1d(3, 2, 1), nn.Conv1d(8, 12, 3, padding=2, dilation=2),
            nn.PReLU(12), nn.Conv1d(12, 12, 3, groups=3), nn.GroupNorm(3, 12), nn.ELU(), nn.AvgPool1d(2), nn.AdaptiveAvgPool1d(1), nn.Flatten(),
            nn.Linear(12, CLASSES),
        )  # fmt: skip

    def forward(self, x):
        return self.net(x)


class Recurrent(nn.Module):
    """The last step of a recurrent network, or the mean of its steps."""

    def __init__(self, kind, mean=False, **options):
        super().__init__()
        self.mean = mean
        self.rnn = kind(SERIES[1], 16, batch_first=True, **options)
        self.head = nn.Linear(32 if options.get("bidirectional") else 16, CLASSES)

    def forward(self, x):
        y = self.rnn(x)[0]
        return self.head(y.mean(1) if self.mean else y[:, -1])


class LastState(nn.Module):
    """A recurrent network read at its last hidden state."""

    def __init__(self):
        super().__init__()
        self.rnn, self.head = nn.LSTM(SERIES[1], 16, num_layers=2, batch_first=True, proj_size=0), nn.Linear(16, CLASSES)

    def forward(self, x):
        _, (h, _) = self.rnn(x)
        return self.head(h[-1])


class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        layer = nn.TransformerEncoderLayer(16, 4, 32, batch_first=True, activation="gelu", norm_first=True)
        self.embed, self.encoder = nn.Linear(SERIES[1], 16), nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        self.head = nn.Linear(16, CLASSES)

    def forward(self, x):
        return self.head(self.encoder(self.embed(x)).mean(1))


def plain():
    """The network that is quantised: its operators have integer kernels."""
    return nn.Sequential(
        nn.Conv2d(3, 8, 3, 1, 1), nn.BatchNorm2d(8), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(8, 12, 3, 2, 1), nn.BatchNorm2d(12), nn.ReLU(),
        nn.AvgPool2d(3, 1), nn.Flatten(), nn.Linear(48, CLASSES),
    )  # fmt: skip


timm_resnet = partial(timm.resnet.ResNet, num_classes=CLASSES)
NETS = {
    "resnet": (lambda: timm_resnet(timm.resnet.BasicBlock, [1, 1, 1, 1], channels=(8, 12, 16, 24)), IMAGE),
    "se-resnet-d": (lambda: timm_resnet(timm.resnet.Bottleneck, [1, 1, 1, 1], channels=(4, 4, 6, 8), stem_type="deep", stem_width=8, avg_down=True, block_args={"attn_layer": "se"}), IMAGE),
    "vgg": (vgg, (3, 28, 28)),
    "densenet": (lambda: tv.DenseNet(6, (2, 2, 2), 8, 2, num_classes=CLASSES), IMAGE),
    "mobilenet-v2": (lambda: tv.MobileNetV2(CLASSES, 1.0, [[1, 8, 1, 1], [6, 8, 2, 2], [6, 12, 2, 2]]), IMAGE),
    "mobilenet-v3": (mobilenet_v3, IMAGE),
    "efficientnet": (efficientnet, IMAGE),
    "shufflenet": (lambda: tv.ShuffleNetV2([1, 2, 1], [8, 16, 24, 32, 64], CLASSES), IMAGE),
    "inception": (inception, IMAGE),
    "squeezenet": (squeezenet, IMAGE),
    "convnext-timm": (lambda: timm.convnext.ConvNeXt(num_classes=CLASSES, depths=(1, 1, 1, 1), dims=(8, 12, 16, 24)), IMAGE),
    "convnext-v2": (lambda: timm.convnext.ConvNeXt(num_classes=CLASSES, depths=(1, 1, 1, 1), dims=(8, 12, 12, 16), use_grn=True, ls_init_value=None), IMAGE),
    "convnext-torchvision": (lambda: tv.ConvNeXt([CNBlockConfig(8, 12, 1), CNBlockConfig(12, 16, 1), CNBlockConfig(16, None, 1)], num_classes=CLASSES), IMAGE),
    "vit-timm": (lambda: timm.vision_transformer.VisionTransformer(32, 8, num_classes=CLASSES, embed_dim=24, depth=2, num_heads=3), IMAGE),
    "vit-torchvision": (lambda: tv.VisionTransformer(32, 8, 2, 3, 24, 48, num_classes=CLASSES), IMAGE),
    "swin-timm": (lambda: timm.swin_transformer.SwinTransformer(32, 2, num_classes=CLASSES, embed_dim=12, depths=(2, 1), num_heads=(2, 3), window_size=4), IMAGE),
    "swin-torchvision": (lambda: tv.SwinTransformer([2, 2], 12, [2, 1], [2, 3], [4, 4], num_classes=CLASSES), IMAGE),
    "mixer": (lambda: timm.mlp_mixer.MlpMixer(CLASSES, 32, patch_size=8, num_blocks=2, embed_dim=24), IMAGE),
    "conv1d": (Conv1d, (3, 64)),
    "lstm": (lambda: Recurrent(nn.LSTM), SERIES),
    "lstm-2": (LastState, SERIES),
    "gru": (lambda: Recurrent(nn.GRU), SERIES),
    "gru-both-ways": (lambda: Recurrent(nn.GRU, mean=True, bidirectional=True), SERIES),
    "rnn": (lambda: Recurrent(nn.RNN), SERIES),
    "encoder": (Encoder, SERIES),
    "plain": (plain, (3, 16, 16)),
}  # fmt: skip


def network(name):
    """Random everywhere: no bias, scale or running statistic keeps the value that would hide a mistake in it."""
    torch.manual_seed(sorted(NETS).index(name))
    build, shape = NETS[name]
    net = build()
    with torch.no_grad():
        for m in net.modules():
            if isinstance(m, nn.modules.batchnorm._BatchNorm):
                m.running_mean.normal_(0, 0.3), m.running_var.uniform_(0.5, 2)
        for key, p in net.named_parameters():
            if p.dim() > 1 and p.shape[0] > 1:
                p.normal_(0, (2 / p[0].numel()) ** 0.5)
            elif p.dim() > 1 or "bias" in key:
                p.normal_(0, 0.3)
            else:
                p.uniform_(0.5, 1.5)
    return net.eval(), shape
