"""Every loss term in its plain form: features upsampled to the mask's size, one obvious line an equation.

Legend: K images, C classes, F channels; logits, masks (one-hot) and probabilities [K, C, D, H, W]; features
[K, F, d, h, w]. A class absent from one image is left out of that image's mean; absent from all images it leaves the
softmax (probability 0), and a term with fewer than two classes left is None.
"""
import sys

import numpy as np
import torch
import torch.nn.functional as nnf


def cross_entropy(logits, one_hot):
    """Mean over the voxels that have a class in `one_hot` (a voxel that is 0 in all of them does not count)."""
    counted = one_hot.sum(1)
    return -(torch.log_softmax(logits, 1) * one_hot).sum() / counted.sum()


def dice(probabilities, one_hot, smooth=1e-5, present=False):
    """Mean over all classes, or over those with a voxel."""
    axes = (0, 2, 3, 4)
    overlap = (probabilities * one_hot).sum(axes)
    total = (probabilities**2).sum(axes) + (one_hot**2).sum(axes)
    loss = 1 - (2 * overlap + smooth) / (total + smooth)
    return (loss[one_hot.sum(axes) > 0] if present else loss).mean()


def supervised(logits, one_hot, present=False):
    """Equation 12, over the voxels that have a class; the Dice of all classes, or of those with a voxel."""
    counted = one_hot.sum(1, keepdim=True)
    return 0.5 * cross_entropy(logits, one_hot) + 0.5 * dice(torch.softmax(logits, 1) * counted, one_hot, present=present)


def mean_teacher(student_logits, teacher_logits):
    return ((torch.softmax(student_logits, 1) - torch.softmax(teacher_logits, 1)) ** 2).mean()


def upsample(features, size):
    return nnf.interpolate(features, size=tuple(size), mode="trilinear", align_corners=False)


def pooled(features, one_hot):
    """Equations 3, 4, 8: prototypes [C, F], and which classes have one."""
    up = upsample(features, one_hot.shape[2:])
    prototypes, present = [], []
    for c in range(one_hot.shape[1]):
        means = [
            (up[k] * one_hot[k, c]).sum((1, 2, 3)) / one_hot[k, c].sum()
            for k in range(one_hot.shape[0])
            if one_hot[k, c].sum() > 0
        ]
        present.append(len(means) > 0)
        prototypes.append(torch.stack(means).mean(0) if means else features.new_zeros(features.shape[1]))
    return torch.stack(prototypes), present


def prototype_logits(features, prototypes, present, alpha, size):
    """alpha * cos(up(F)(v), p(c)), [K, C, D, H, W]; absent classes -1e4."""
    up = upsample(features, size)
    length = torch.sqrt((up**2).sum(1) + 1e-12)
    logits = []
    for c, p in enumerate(prototypes):
        cosine = torch.einsum("kfdhw,f->kdhw", up, p) / torch.clamp(length * torch.sqrt((p**2).sum() + 1e-12), min=1e-8)
        logits.append(alpha * cosine if present[c] else torch.full_like(cosine, -1e4))
    return torch.stack(logits, 1)


def one_hot_argmax(logits):
    """Equation 7, ties to the lower class."""
    return nnf.one_hot(logits.argmax(1), logits.shape[1]).movedim(-1, 1).to(logits.dtype)


def certainty(logits):
    """1 - H / ln C of each voxel, without gradient, [K, 1, D, H, W]."""
    p = torch.softmax(logits.detach(), 1)
    return 1 + (p * torch.log(p + 1e-6)).sum(1, keepdim=True) / float(np.log(p.shape[1]))


PLAIN = sys.modules[__name__]


def forward_consistency(features_l, one_hot_l, features_u, logits_u, alpha, form=PLAIN, weighted=False):
    """Equations 3 to 6; `form` is this module or exact.py."""
    p_l, present = form.pooled(features_l, one_hot_l)
    if sum(present) < 2:
        return None
    l2u = torch.softmax(form.prototype_logits(features_u, p_l, present, alpha, logits_u.shape[2:]), 1)
    difference = (l2u - torch.softmax(logits_u, 1)) ** 2
    if not weighted:
        return difference.mean()
    w = certainty(logits_u)
    return (w * difference).sum() / (difference.shape[1] * w.sum())


def backward_consistency(features_l, one_hot_l, features_u, logits_u, alpha, form=PLAIN, weighted=False):
    """Equations 7 to 10; voxels of a class without prototype do not count."""
    y_u = one_hot_argmax(logits_u.detach())
    p_u, present = form.pooled(features_u, y_u * certainty(logits_u) if weighted else y_u)
    if sum(present) < 2:
        return None
    u2l = form.prototype_logits(features_l, p_u, present, alpha, one_hot_l.shape[2:])
    kept = one_hot_l * torch.tensor(present, dtype=one_hot_l.dtype, device=one_hot_l.device).reshape(1, -1, 1, 1, 1)
    return cross_entropy(u2l, kept)
