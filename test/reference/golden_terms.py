"""Golden values of the loss terms: values and gradients, of CPCL's and of the other methods'."""
import numpy as np
import torch
import torch.nn.functional as nnf

import exact
import losses
import methods
from golden import ALPHA, Golden, blobs, mask, noise, shape
from train import one_hot
from unet import channels_last, from_last

# (name, factor, coarse d h w, classes, [labelled images, unlabelled images], classes absent from Y_l, from Yhat_u);
# an absence is {class: images}.
LOSS_CASES = [
    ("factor 16", 16, (2, 3, 2), 2, (2, 2), {}, {}),
    ("factor 16, one coarse slice", 16, (1, 2, 3), 3, (2, 2), {}, {}),
    ("factor 8", 8, (2, 2, 3), 2, (2, 2), {}, {}),
    ("factor 8, three classes", 8, (3, 2, 2), 3, (2, 2), {}, {}),
    ("factor 4", 4, (3, 4, 5), 2, (2, 2), {}, {}),
    ("factor 2", 2, (5, 6, 7), 2, (2, 2), {}, {}),
    ("factor 2, three classes", 2, (5, 6, 7), 3, (2, 2), {}, {}),
    ("halves of unequal size", 8, (2, 2, 2), 2, (3, 1), {}, {}),
    ("class absent from one labelled image", 8, (2, 2, 2), 2, (2, 2), {1: [0]}, {}),
    ("class absent from one pseudo-mask", 8, (2, 2, 2), 2, (2, 2), {}, {1: [1]}),
    ("class absent from all labelled images", 8, (2, 2, 2), 2, (2, 2), {1: [0, 1]}, {}),
    ("class absent from all pseudo-masks", 8, (2, 2, 2), 2, (2, 2), {}, {1: [0, 1]}),
    ("one of three absent from all labelled images", 4, (3, 3, 3), 3, (2, 2), {2: [0, 1]}, {}),
    ("one of three absent from all pseudo-masks", 4, (3, 3, 3), 3, (2, 2), {}, {1: [0, 1]}),
    ("different classes absent from different images", 4, (3, 3, 3), 3, (2, 2), {1: [0], 2: [1]}, {2: [0], 1: [1]}),
    ("every fourth slice drawn", 8, (2, 2, 2), 2, (2, 2), {}, {}),
    ("every fourth slice drawn, three classes", 4, (3, 4, 3), 3, (2, 1), {}, {}),
]
# Of these all but every fourth slice of the labelled images is not drawn.
APART_CASES = (15, 16)
NOT_DRAWN = 255
# Of these also the terms with certainty weighting.
CERTAINTY_CASES = (0, 6, 9, 14)
CHANNELS = 6


def undrawn(sides, image):
    """Whole slices without a value of their own: all but every fourth one."""
    return [shape(NOT_DRAWN, (0, 0, k), (0, 0, 1), 0) for k in range(sides[0]) if (k + image) % 4]


def loss_golden():
    golden = Golden("losses", samples=300, channels=CHANNELS, alpha=ALPHA)
    facts = []
    for n, (name, factor, coarse, classes, (k_l, k_u), absent_l, absent_u) in enumerate(LOSS_CASES):
        sides = tuple(factor * c for c in coarse)
        seed = 2000 + 10 * n
        shapes = [blobs(sides, classes, k, absent_l) + (undrawn(sides, k) if n in APART_CASES else []) for k in range(k_l)]
        size = tuple(reversed(sides))
        labels = torch.tensor(np.stack([mask(size, s) for s in shapes]).astype(np.int64))
        y_l = one_hot(labels, classes, torch.float64)
        f_l = from_last(np.maximum(0, noise((k_l, *coarse, CHANNELS), seed, 1, 0.25))).requires_grad_()
        f_u = from_last(np.maximum(0, noise((k_u, *coarse, CHANNELS), seed + 1, 1, 0.25))).requires_grad_()
        s_l = from_last(noise((k_l, *sides, classes), seed + 2, 2)).requires_grad_()
        s_u = noise((k_u, *sides, classes), seed + 3, 2)
        for c, images in absent_u.items():
            s_u[images, ..., c] = -8
        s_u = from_last(s_u).requires_grad_()
        target = from_last(noise((k_u, *sides, classes), seed + 4, 2))

        terms = {
            "crossEntropy": losses.cross_entropy(s_l, y_l),
            "dice": losses.dice(torch.softmax(s_l, 1), y_l),
            "supervised": losses.supervised(s_l, y_l),
            "supervised, present": losses.supervised(s_l, y_l, present=True),
            "consistency": losses.mean_teacher(s_u, target),
            "forward": losses.forward_consistency(f_l, y_l, f_u, s_u, ALPHA),
            "backward": losses.backward_consistency(f_l, y_l, f_u, s_u, ALPHA),
        }
        if n in CERTAINTY_CASES:
            for term, function in (("forward", losses.forward_consistency), ("backward", losses.backward_consistency)):
                terms[f"{term}, weighted"] = function(f_l, y_l, f_u, s_u, ALPHA, weighted=True)
        for term, function in (("forward", losses.forward_consistency), ("backward", losses.backward_consistency)):
            other = function(f_l, y_l, f_u, s_u, ALPHA, exact)
            assert (other is None) == (terms[term] is None)
            if other is not None:
                check_exact(terms[term], other, (f_l, f_u, s_u))
        p_l, present_l = losses.pooled(f_l, y_l)
        p_u, present_u = losses.pooled(f_u, losses.one_hot_argmax(s_u.detach()))
        golden.add(f"{n}/prototypes_l", p_l.detach())
        golden.add(f"{n}/prototypes_u", p_u.detach())
        leaves = {"logits_l": s_l, "logits_u": s_u, "features_l": f_l, "features_u": f_u}
        for term, value in terms.items():
            if value is None:
                continue
            grads = torch.autograd.grad(value, list(leaves.values()), retain_graph=True, allow_unused=True)
            for leaf, grad in zip(leaves, grads):
                if grad is not None:
                    golden.add(f"{n}/{term}/{leaf}", channels_last(grad))
        facts.append({"name": name, "factor": factor, "coarse": coarse, "classes": classes, "labelled": k_l, "unlabelled": k_u,
                      "seed": seed, "masks": shapes, "lowered": [[c, k] for c, ks in absent_u.items() for k in ks],
                      "presentLabelled": present_l, "presentUnlabelled": present_u,
                      "values": {term: None if v is None else v.item() for term, v in terms.items()}})
    golden.facts["cases"] = facts
    golden.save()


def check_exact(plain, other, leaves):
    """The coarse-grid form: value and gradients equal to the plain form's."""
    assert abs(plain.item() - other.item()) < 1e-10, (plain.item(), other.item())
    for a, b in zip(*[torch.autograd.grad(v, leaves, retain_graph=True, allow_unused=True) for v in (plain, other)]):
        assert (a is None) == (b is None)
        if a is not None:
            assert torch.allclose(a, b, rtol=1e-7, atol=1e-12), (a - b).abs().max()


def term_golden():
    """Value and gradient of every term of section 5, and the discriminator."""
    sides, golden = (16, 16, 32), Golden("terms", samples=300, sides=(16, 16, 32), step=12, steps=20, m=0.3)
    facts = []
    for n, classes in enumerate((2, 3)):
        s = 7000 + 100 * n
        maps = lambda k, seed, scale=2.0: from_last(noise((k, *sides, classes), s + seed, scale)).requires_grad_()
        labels = torch.tensor(np.stack([mask(tuple(reversed(sides)), blobs(sides, classes, k, {})) for k in range(2)]).astype(np.int64))
        y, images = one_hot(labels, classes, torch.float64), from_last(noise((2, *sides, 1), s + 1))
        a, b, c, distance = maps(2, 2), maps(2, 3), maps(2, 4), maps(2, 5, 0.004)
        passes = torch.stack([b * 2 + 0.5 * maps(2, 10 + p) for p in range(8)]).detach()
        certain = methods.certain(passes, 12, 20)
        d = methods.set_hashed_discriminator(methods.Discriminator(classes).double(), s + 50)
        terms = {
            "entropy": (methods.entropy_mini(a), {"a": a}),
            "ua-mt": (methods.ua_mt(a, b.detach(), certain), {"a": a}),
            "ict": (methods.ict(a, b.detach(), c.detach(), 0.3), {"a": a}),
            "distance": (methods.dtml_distance(distance, y), {"distance": distance}),
            "dtml": (methods.dtml_consistency(distance, a), {"distance": distance, "a": a}),
            "dan": (nnf.cross_entropy(d(a, images), torch.ones(2, dtype=torch.long)), {"a": a}),
        }
        for term, (value, leaves) in terms.items():
            for leaf, grad in zip(leaves, torch.autograd.grad(value, list(leaves.values()))):
                golden.add(f"{n}/{term}/{leaf}", channels_last(grad))
        judged = d(torch.cat([a, b]).detach(), torch.cat([images, images]))
        own = nnf.cross_entropy(judged, torch.tensor([1, 1, 0, 0]))
        own.backward()
        for name, w in d.named_parameters():
            golden.add(f"{n}/discriminator/{name}", methods.discriminator_last(w.grad))
        values = {term: value.item() for term, (value, _) in terms.items()} | {"discriminator": own.item()}
        facts.append({"classes": classes, "seed": s, "masks": [blobs(sides, classes, k, {}) for k in range(2)],
                      "certain": int(certain.sum()), "values": values})
        print(classes, values, "certain", int(certain.sum()), "of", certain.numel())
    golden.facts["cases"] = facts
    golden.save()
