"""The V-Net of the left-atrium benchmark in PyTorch's own layers: strided and transposed convolutions, affine norm."""
import numpy as np
import torch
from torch import nn

from golden import noise
from unet import FEATURES

DOWN, UP = (1, 2, 3, 3, 3), (1, 2, 3, 3)


class Layer(nn.Module):
    """A convolution, instance norm with scale and shift, ReLU."""

    def __init__(self, conv):
        super().__init__()
        self.conv = conv
        self.norm = nn.InstanceNorm3d(conv.out_channels, eps=1e-5, affine=True)

    def forward(self, x):
        return torch.relu(self.norm(self.conv(x)))


class VNet(nn.Module):
    """Image [B, C, D, H, W] -> logits [B, classes, D, H, W] and the maps that prototypes may be pooled from."""

    def __init__(self, width=16, classes=2, channels=1):
        super().__init__()
        b = [width * 2**level for level in range(5)]
        self.layers = nn.ModuleDict()  # in the forward order
        for level in range(4):
            self._stage(f"down{level}", DOWN[level], channels if level == 0 else b[level], b[level])
            self._add(f"down{level}-halve", nn.Conv3d(b[level], b[level + 1], 2, stride=2))
        self._stage("bottom", DOWN[4], b[4], b[4])
        for level in (3, 2, 1, 0):
            self._add(f"up{level}-double", nn.ConvTranspose3d(b[level + 1], b[level], 2, stride=2))
            self._stage(f"up{level}", UP[level], b[level], b[level])
        self.out = nn.Conv3d(b[0], classes, 1)

    def _add(self, name, conv):
        self.layers[name] = Layer(conv)

    def _stage(self, name, convs, channels_in, channels_out):
        for n in range(convs):
            self._add(f"{name}-conv{n + 1}", nn.Conv3d(channels_in if n == 0 else channels_out, channels_out, 3, padding=1))

    def _run(self, name, x):
        n = 1
        while f"{name}-conv{n}" in self.layers:
            x = self.layers[f"{name}-conv{n}"](x)
            n += 1
        return x

    def forward(self, x, features="bottleneck"):
        skips = []
        for level in range(4):
            skips.append(self._run(f"down{level}", x))
            x = self.layers[f"down{level}-halve"](skips[-1])
        maps = {"bottom": self._run("bottom", x)}
        x = maps["bottom"]
        for level in (3, 2, 1, 0):
            x = self._run(f"up{level}", self.layers[f"up{level}-double"](x) + skips.pop())
            maps[f"up{level}"] = x
        return self.out(x), maps[FEATURES[features]]

    def named(self):
        """(TypeScript's name, parameter, axes of TypeScript's order), in the forward order."""
        for name, layer in self.layers.items():
            key = name.replace("-", ".")
            # A transposed convolution is [C, K, kD, kH, kW] in PyTorch and [C, kD, kH, kW, K] in TypeScript.
            axes = (0, 2, 3, 4, 1) if isinstance(layer.conv, nn.ConvTranspose3d) else (2, 3, 4, 1, 0)
            yield f"{key}.weight", layer.conv.weight, axes
            yield f"{key}.bias", layer.conv.bias, (0,)
            yield f"{key}.scale", layer.norm.weight, (0,)
            yield f"{key}.shift", layer.norm.bias, (0,)
        yield "out.weight", self.out.weight, (2, 3, 4, 1, 0)
        yield "out.bias", self.out.bias, (0,)


def to_last(tensor, axes):
    return np.ascontiguousarray(tensor.detach().permute(*axes).cpu().numpy())


def set_hashed_weights(net):
    """Weight n of the forward order: noise(shape in TypeScript order, n) * sqrt(6 / fan in); others * 0.1, scales around 1."""
    with torch.no_grad():
        for n, (name, w, axes) in enumerate(net.named()):
            shape = tuple(w.shape[a] for a in axes)
            gain = float(np.sqrt(6 / np.prod(shape[:-1]))) if w.dim() == 5 else 0.1
            values = noise(shape, n, gain, 1.0 if name.endswith(".scale") else 0.0)
            w.copy_(torch.tensor(np.ascontiguousarray(np.transpose(values, np.argsort(axes)))))
    return net
