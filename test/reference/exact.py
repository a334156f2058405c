"""The coarse-grid form of the prototype terms (method, section 4): equal to losses.py, without the upsampled map.

Same legend and functions as losses.py, for `pooled` and `prototype_logits`.
"""
import functools

import torch
import torch.nn.functional as nnf


@functools.lru_cache(maxsize=64)
def linear(n, outputs, dtype, device):
    """[outputs, n]: one axis of trilinear upsampling."""
    return nnf.interpolate(torch.eye(n, dtype=dtype, device=device)[None], size=outputs, mode="linear", align_corners=False)[0].T.contiguous()


@functools.lru_cache(maxsize=64)
def midpoints(n, dtype, device):
    """[2n - 1, n]: the samples and the means of neighbours."""
    eye = torch.eye(n, dtype=dtype, device=device)
    rows = [eye[0]]
    for i in range(1, n):
        rows += [(eye[i - 1] + eye[i]) / 2, eye[i]]
    return torch.stack(rows)


@functools.lru_cache(maxsize=64)
def quadratic(n, outputs, dtype, device):
    """[outputs, 2n - 1]: the parabola through node, midpoint and node of each output's cell."""
    weights = torch.zeros(outputs, 2 * n - 1, dtype=dtype)
    for o in range(outputs):
        x = min(max((o + 0.5) * n / outputs - 0.5, 0.0), n - 1.0)
        i = min(int(x), max(n - 2, 0))
        t = x - i
        for offset, w in ((0, (1 - t) * (1 - 2 * t)), (1, 4 * t * (1 - t)), (2, t * (2 * t - 1))):
            if w:
                weights[o, 2 * i + offset] = w
    return weights.to(device)


def separable(x, z, y, w):
    """[K, C, d, h, w] with one matrix [out, in] an axis."""
    if w.shape[0] >= w.shape[1]:
        return torch.einsum("zd,kcdyx->kczyx", z, torch.einsum("yh,kcdhx->kcdyx", y, x @ w.T))
    return torch.einsum("yh,kczhw->kczyw", y, torch.einsum("zd,kcdhw->kczhw", z, x)) @ w.T


def pooled(features, one_hot):
    coarse, kind = features.shape[2:], (features.dtype, features.device)
    spread = separable(one_hot, *[linear(n, out, *kind).T for n, out in zip(coarse, one_hot.shape[2:])])
    voxels = one_hot.sum((2, 3, 4))
    images = (voxels > 0).sum(0)
    weight = (voxels > 0) / (voxels.clamp(min=1) * images.clamp(min=1))
    return torch.einsum("kcdhw,kfdhw->cf", spread * weight[:, :, None, None, None], features), (images > 0).tolist()


def prototype_logits(features, prototypes, present, alpha, size):
    coarse, kind = features.shape[2:], (features.dtype, features.device)
    unit = prototypes / torch.sqrt((prototypes**2).sum(1, keepdim=True) + 1e-12)
    product = torch.einsum("kfdhw,cf->kcdhw", features, unit)
    numerator = nnf.interpolate(product, size=tuple(size), mode="trilinear", align_corners=False)
    nodes = separable(features, *[midpoints(n, *kind) for n in coarse])
    squared = separable((nodes**2).sum(1, keepdim=True), *[quadratic(n, out, *kind) for n, out in zip(coarse, size)])
    logits = alpha * numerator / torch.sqrt(torch.relu(squared) + 1e-12)
    if all(present):
        return logits
    absent = torch.tensor([0.0 if p else -1e4 for p in present], dtype=kind[0], device=kind[1])
    return logits + absent.reshape(1, -1, 1, 1, 1)
