"""The consistency terms of the other methods (the method's section 5), and DAN's discriminator. Legend: losses.py."""
import math

import numpy as np
import torch
import torch.nn.functional as nnf
from scipy import ndimage
from torch import nn

import losses
from golden import noise


def entropy(probabilities):
    """Nats, [K, D, H, W]."""
    return -(probabilities * torch.log(probabilities + 1e-6)).sum(1)


def entropy_mini(logits):
    return entropy(torch.softmax(logits, 1)).mean() / math.log(logits.shape[1])


def certain(passes, step, steps):
    """UA-MT's mask [K, D, H, W] from logits [8, K, C, D, H, W]."""
    mean = torch.softmax(passes, 2).mean(0)
    share = 0.75 + 0.25 * math.exp(-5 * (1 - step / steps) ** 2)
    return (entropy(mean) < share * math.log(passes.shape[2])).to(passes.dtype)


def ua_mt(student_logits, target_logits, mask):
    difference = (torch.softmax(student_logits, 1) - torch.softmax(target_logits, 1)) ** 2
    return (mask[:, None] * difference).sum() / (student_logits.shape[1] * mask.sum() + 1e-16)


def mixed(a, b, m):
    return (1 - m) * a + m * b


def ict(mixed_logits, first_logits, second_logits, m):
    target = mixed(torch.softmax(first_logits, 1), torch.softmax(second_logits, 1), m)
    return ((torch.softmax(mixed_logits, 1) - target) ** 2).mean()


def distance_masks(output):
    return torch.sigmoid(-1500 * torch.tanh(output[:, 1:]))


def dtml_distance(output, one_hot):
    return losses.dice(distance_masks(output), one_hot[:, 1:])


def dtml_consistency(output, logits):
    return ((distance_masks(output) - torch.softmax(logits, 1)[:, 1:]) ** 2).mean()


def box_mask(sides, box):
    """1 in a box of (start, length) an axis, [D, H, W]."""
    inside = torch.zeros(sides)
    inside[tuple(slice(start, start + length) for start, length in box)] = 1
    return inside


def pasted(into, source, inside):
    """`into` [K, C, D, H, W] with the box of `source`."""
    return torch.where(inside > 0, source, into)


def largest_pieces(logits):
    """One-hot argmax [K, C, D, H, W], each foreground class its largest piece over 26 neighbours."""
    labels = logits.argmax(1).numpy()
    for image in labels:
        for c in range(1, logits.shape[1]):
            pieces, count = ndimage.label(image == c, np.ones((3, 3, 3)))
            if count > 1:
                kept = 1 + np.argmax(np.bincount(pieces.ravel())[1:])
                image[(pieces > 0) & (pieces != kept)] = 0
    return nnf.one_hot(torch.tensor(labels, device=logits.device), logits.shape[1]).movedim(-1, 1).to(logits.dtype)


def both_ways(labelled, unlabelled, inside):
    """[K, ...] twice -> [2 K, ...]: unlabelled boxes in labelled maps, then labelled boxes in unlabelled maps."""
    return torch.cat([pasted(labelled, unlabelled, inside), pasted(unlabelled, labelled, inside)])


def partial_supervised(logits, one_hot):
    """Equation 12 over the voxels that have a class."""
    counted = one_hot.sum(1, keepdim=True)
    return 0.5 * losses.cross_entropy(logits, one_hot) + 0.5 * losses.dice(torch.softmax(logits, 1) * counted, one_hot)


def mixed_cycle(features, logits, truth, pseudo, alpha):
    """Forward and backward terms within mixed patches."""
    p_l, present_l = losses.pooled(features, truth)
    p_u, present_u = losses.pooled(features, pseudo)
    assert sum(present_l) >= 2 and sum(present_u) >= 2
    size = logits.shape[2:]
    l2u = torch.softmax(losses.prototype_logits(features, p_l, present_l, alpha, size), 1)
    part = pseudo.sum(1, keepdim=True)
    forward = (part * (l2u - torch.softmax(logits, 1)) ** 2).sum() / (logits.shape[1] * part.sum())
    u2l = losses.prototype_logits(features, p_u, present_u, alpha, size)
    kept = truth * torch.tensor(present_u, dtype=truth.dtype, device=truth.device).reshape(1, -1, 1, 1, 1)
    return forward, losses.cross_entropy(u2l, kept)


def agreed(logits, prototype_logits, confidence):
    """One-hot where both name the same class and the network is sure, 0 elsewhere."""
    sure = torch.softmax(logits, 1).max(1).values >= confidence
    same = logits.argmax(1) == prototype_logits.argmax(1)
    return losses.one_hot_argmax(logits) * (sure & same)[:, None]


def gamma_curve(images, gammas):
    curved = []
    for image, gamma in zip(images, gammas):
        lo, hi = image.min(), image.max()
        curved.append(lo + (hi - lo) * ((image - lo) / (hi - lo)) ** gamma)
    return torch.stack(curved)


class Discriminator(nn.Module):
    """Without dropout; names as in the TypeScript."""

    def __init__(self, classes):
        super().__init__()
        self.map = nn.Conv3d(classes, 64, 4, 2, 1)
        self.image = nn.Conv3d(1, 64, 4, 2, 1)
        self.conv2, self.conv3, self.conv4 = nn.Conv3d(64, 128, 4, 2, 1), nn.Conv3d(128, 256, 4, 2, 1), nn.Conv3d(256, 512, 4, 2, 1)
        self.linear = nn.Linear(512, 2)

    def forward(self, logits, image):
        x = nnf.leaky_relu(self.map(torch.softmax(logits, 1)) + self.image(image), 0.2)
        for conv in (self.conv2, self.conv3, self.conv4):
            x = nnf.leaky_relu(conv(x), 0.2)
        return self.linear(x.mean((2, 3, 4)))


def set_hashed_discriminator(net, seed):
    """Weight n: noise(shape in TypeScript order, seed + n) / sqrt(fan in), biases with the fan of their weight."""
    with torch.no_grad():
        for n, (_, w) in enumerate(net.named_parameters()):
            fan = w[0].numel() if w.dim() > 1 else fan  # a weight comes before its bias
            if w.dim() > 1:
                order = (2, 3, 4, 1, 0) if w.dim() == 5 else (1, 0)
                values = noise([w.shape[i] for i in order], seed + n, 1 / float(np.sqrt(fan)))
                w.copy_(torch.tensor(np.ascontiguousarray(values.transpose(np.argsort(order)))))
            else:
                w.copy_(torch.tensor(noise(tuple(w.shape), seed + n, 1 / float(np.sqrt(fan)))))
    return net


def discriminator_last(tensor):
    """A discriminator's weight or gradient in TypeScript order."""
    tensor = tensor.detach()
    return (tensor.permute(2, 3, 4, 1, 0) if tensor.dim() == 5 else tensor.T if tensor.dim() == 2 else tensor).numpy()
