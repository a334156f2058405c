"""A planned network (nnU-Net's plain convolutional U-Net, with max-pooling) in PyTorch's own layers, from its plan."""
import numpy as np
import torch
from torch import nn

from golden import noise


class Layer(nn.Module):
    def __init__(self, channels_in, channels_out, kernel):
        super().__init__()
        self.conv = nn.Conv3d(channels_in, channels_out, kernel, padding=[k // 2 for k in kernel], bias=False)
        self.norm = nn.InstanceNorm3d(channels_out, eps=1e-5, affine=True)
        self.before = None

    def forward(self, x):
        self.before = self.norm(self.conv(x))
        return nn.functional.leaky_relu(self.before, 0.01)


class Planned(nn.Module):
    """`plan`: channels, kernels and pools of each level as TypeScript's planNetwork gives them (z, y, x)."""

    def __init__(self, plan, channels, classes, deep=()):
        super().__init__()
        self.pools, self.deep = plan["pools"], deep
        c, kernels, bottom = plan["channels"], plan["kernels"], len(plan["pools"])
        self.layers, self.ups, self.heads = nn.ModuleDict(), nn.ModuleDict(), nn.ModuleDict()
        self.order = []  # (TypeScript's name, parameter, axes of TypeScript's order), in the forward order

        def block(name, level, channels_in):
            for n in (1, 2):
                layer = self.layers[f"{name}-conv{n}"] = Layer(channels_in if n == 1 else c[level], c[level], kernels[level])
                self.order += [(f"{name}.conv{n}.weight", layer.conv.weight, (2, 3, 4, 1, 0)),
                               (f"{name}.conv{n}.scale", layer.norm.weight, (0,)), (f"{name}.conv{n}.shift", layer.norm.bias, (0,))]

        def head(name, level):
            self.heads[name] = nn.Conv3d(c[level], classes, 1)
            self.order += [(f"{name}.weight", self.heads[name].weight, (2, 3, 4, 1, 0)), (f"{name}.bias", self.heads[name].bias, (0,))]

        for level in range(bottom):
            block(f"down{level}", level, channels if level == 0 else c[level - 1])
        block("bottom", bottom, c[bottom - 1])
        for level in reversed(range(bottom)):
            pool = self.pools[level]
            up = self.ups[str(level)] = nn.ConvTranspose3d(c[level + 1], c[level], pool, stride=pool, bias=False)
            self.order.append((f"up{level}.transposed.weight", up.weight, (0, 2, 3, 4, 1)))
            block(f"up{level}", level, 2 * c[level])
        for level in deep:
            head(f"out{level}", level)
        head("out", 0)

    def _block(self, name, x):
        return self.layers[f"{name}-conv2"](self.layers[f"{name}-conv1"](x))

    def forward(self, x, features="up1"):
        """Logits of the finest level, those of the deep levels, and the map of a block."""
        skips, maps = [], {}
        for level, pool in enumerate(self.pools):
            skips.append(self._block(f"down{level}", x))
            x = nn.functional.max_pool3d(skips[-1], pool)
        x = maps["bottom"] = self._block("bottom", x)
        for level in reversed(range(len(self.pools))):
            x = maps[f"up{level}"] = self._block(f"up{level}", torch.cat([skips.pop(), self.ups[str(level)](x)], 1))
        deep = [self.heads[f"out{level}"](maps[f"up{level}"]) for level in self.deep]
        return self.heads["out"](x), deep, maps[features]

    def nearest_kink(self):
        """Smallest distance of a value in front of a leaky ReLU from 0."""
        return min(layer.before.abs().min().item() for layer in self.layers.values())


def set_hashed_weights(net):
    """Weight n of the forward order: noise(shape in TypeScript order, n) * sqrt(6 / fan in); others * 0.1, scales around 1."""
    with torch.no_grad():
        for n, (name, w, axes) in enumerate(net.order):
            shape = tuple(w.shape[a] for a in axes)
            gain = float(np.sqrt(6 / np.prod(shape[:-1]))) if w.dim() == 5 else 0.1
            values = noise(shape, n, gain, 1.0 if name.endswith(".scale") else 0.0)
            w.copy_(torch.tensor(np.ascontiguousarray(np.transpose(values, np.argsort(axes)))))
    return net
