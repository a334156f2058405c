"""The 3D U-Net of the method's section 2 in PyTorch, and how its weights map to the TypeScript names and order."""
import numpy as np
import torch
from torch import nn

from golden import noise

FEATURES = {"bottleneck": "bottom", "decoder-1/8": "up3", "decoder-1/4": "up2", "decoder-1/2": "up1"}


class Block(nn.Module):
    """2 x (conv 3x3x3, instance norm without affine, ReLU)."""

    def __init__(self, channels_in, channels_out):
        super().__init__()
        self.conv1 = nn.Conv3d(channels_in, channels_out, 3, padding=1)
        self.conv2 = nn.Conv3d(channels_out, channels_out, 3, padding=1)
        self.norm = nn.InstanceNorm3d(channels_out, eps=1e-5)

    def forward(self, x):
        x = torch.relu_(self.norm(self.conv1(x)))
        return torch.relu_(self.norm(self.conv2(x)))


class UNet(nn.Module):
    """Image [B, C, D, H, W] -> logits [B, classes, D, H, W] and the maps that prototypes may be pooled from."""

    def __init__(self, width=16, classes=2, channels=1, dropout=0.0):
        super().__init__()
        b = [width * 2**level for level in range(5)]
        self.down0, self.down1 = Block(channels, b[0]), Block(b[0], b[1])
        self.down2, self.down3 = Block(b[1], b[2]), Block(b[2], b[3])
        self.bottom = Block(b[3], b[4])
        self.up3, self.up2 = Block(b[3] + b[4], b[3]), Block(b[2] + b[3], b[2])
        self.up1, self.up0 = Block(b[1] + b[2], b[1]), Block(b[0] + b[1], b[0])
        self.out = nn.Conv3d(b[0], classes, 1)
        self.pool = nn.MaxPool3d(2)
        self.upsample = nn.Upsample(scale_factor=2, mode="trilinear", align_corners=False)
        self.dropout1, self.dropout2 = nn.Dropout(dropout), nn.Dropout(dropout)
        for module in self.modules():
            if isinstance(module, nn.Conv3d):
                nn.init.kaiming_normal_(module.weight)
                nn.init.zeros_(module.bias)

    def forward(self, x, features="bottleneck"):
        skips = []
        for level in range(4):
            x = getattr(self, f"down{level}")(x)
            skips.append(x)
            x = self.pool(x)
        maps = {"bottom": self.bottom(x)}
        x = self.dropout1(maps["bottom"])
        for level in (3, 2, 1, 0):
            x = getattr(self, f"up{level}")(torch.cat([skips.pop(), self.upsample(x)], 1))
            maps[f"up{level}"] = x
        return self.out(self.dropout2(x)), maps[FEATURES[features]]


def channels_last(tensor):
    """[B, C, D, H, W] -> [B, D, H, W, C]"""
    return tensor.detach().permute(0, 2, 3, 4, 1).cpu().numpy()


def weight_last(tensor):
    """[K, C, kD, kH, kW] -> [kD, kH, kW, C, K]; a bias stays."""
    return (tensor.detach().permute(2, 3, 4, 1, 0) if tensor.dim() == 5 else tensor.detach()).cpu().numpy()


def from_last(array):
    """[B, D, H, W, C] -> [B, C, D, H, W], float64"""
    return torch.tensor(np.ascontiguousarray(np.moveaxis(array, -1, 1)), dtype=torch.float64)


def set_hashed_weights(net, seed=0):
    """Weight n of the forward order: noise(shape in TypeScript order, seed + n) * sqrt(6 / fan in); biases * 0.1."""
    with torch.no_grad():
        for n, (name, w) in enumerate(net.named_parameters()):
            if w.dim() == 5:
                k, c, *kernel = w.shape
                values = noise((*kernel, c, k), seed + n, float(np.sqrt(6 / (c * np.prod(kernel)))))
                w.copy_(torch.tensor(np.ascontiguousarray(values.transpose(4, 3, 0, 1, 2))))
            else:
                w.copy_(torch.tensor(noise(tuple(w.shape), seed + n, 0.1)))
    return net
