"""Golden values of networks, losses and training steps: python3 test/reference/make_golden.py  (pip install torch numpy scipy)

Computed in float64 from float32 inputs that both sides make by the same integer formula (golden.py, golden.ts).
"""
import sys

import numpy as np
import torch
import torch.nn.functional as nnf

import exact
import losses
import methods
import metrics
from golden import Golden, mask, noise, shape
from train import Trainer, one_hot
import planned
import vnet
from unet import FEATURES, UNet, channels_last, from_last, set_hashed_weights, weight_last

torch.set_default_dtype(torch.float64)
BATCH, SIDES, WIDTH = 2, (16, 32, 32), 4


def unet_golden(classes):
    """Outputs, and gradients of sum(logits * R1) + sum(features * R2) for each choice of features."""
    golden = Golden(f"unet-{classes}", width=WIDTH, classes=classes, batch=BATCH, sides=SIDES)
    net = set_hashed_weights(UNet(WIDTH, classes).double())
    image = from_last(noise((BATCH, *SIDES, 1), 1000)).requires_grad_()
    for choice in FEATURES:
        net.zero_grad()
        image.grad = None
        logits, features = net(image, choice)
        r1 = from_last(noise(channels_last(logits).shape, 1001))
        r2 = from_last(noise(channels_last(features).shape, 1002))
        scalar = (logits * r1).sum() + (features * r2).sum()
        scalar.backward()
        if choice == "bottleneck":
            golden.add("logits", channels_last(logits))
        golden.add(f"{choice}/features", channels_last(features))
        golden.add(f"{choice}/scalar", scalar.item())
        if classes == 3 and choice != "bottleneck":
            continue
        golden.add(f"{choice}/grad/input", channels_last(image.grad))
        for name, w in net.named_parameters():
            # A bias in front of instance norm cancels: its gradient is 0 but for rounding.
            if name == "out.bias" or name.endswith(".weight"):
                golden.add(f"{choice}/grad/{name}", weight_last(w.grad))
    golden.save()


def vnet_golden():
    """As `unet_golden`, of the V-Net: one image, and its own names and layouts of weights. With this seed of the image no
    value stands nearer to a ReLU's kink than 2.8e-5: the nearest one, rounded across it, would change a gradient by 1 %."""
    batch, seed = 1, 1040
    golden = Golden("vnet", samples=300, width=2, classes=3, batch=batch, sides=SIDES, seed=seed)
    net = vnet.set_hashed_weights(vnet.VNet(2, 3).double())
    golden.facts["parametersAtWidth16"] = sum(w.numel() for w in vnet.VNet(16, 2).parameters())
    image = from_last(noise((batch, *SIDES, 1), seed))
    for choice in FEATURES:
        net.zero_grad()
        logits, features = net(image, choice)
        r1 = from_last(noise(channels_last(logits).shape, 1001))
        r2 = from_last(noise(channels_last(features).shape, 1002))
        ((logits * r1).sum() + (features * r2).sum()).backward()
        if choice == "bottleneck":
            golden.add("logits", channels_last(logits))
        golden.add(f"{choice}/features", channels_last(features))
        for name, w, axes in net.named():
            # A bias in front of instance norm cancels: its gradient is 0 but for rounding.
            if (name == "out.bias" or not name.endswith(".bias")) and choice in ("bottleneck", "decoder-1/2"):
                golden.add(f"{choice}/grad/{name}", vnet.to_last(w.grad, axes))
    golden.save()


# Of ten slices of 10 mm, 1.5 mm in the plane, and of a cube; as planNetwork gives them.
PLANS = [
    ("thick slices", (10, 16, 24), {"channels": [2, 4, 8], "kernels": [[1, 3, 3], [1, 3, 3], [3, 3, 3]], "pools": [[1, 2, 2], [1, 2, 2]]},
     {"spacing": [1.5, 1.5, 10], "inputChannels": 2, "seed": 1601}),
    ("cubes", (16, 16, 24), {"channels": [2, 4, 8], "kernels": [[3, 3, 3]] * 3, "pools": [[2, 2, 2], [2, 2, 2]]},
     {"spacing": [1, 1, 1], "inputChannels": 1, "seed": 1701}),
]
DEEP, PLANNED_CLASSES, RATE, MOMENTUM, DECAY = (1,), 3, 0.01, 0.9, 1e-4


def planned_golden():
    """Outputs and gradients of planned networks with deep supervision, and their weights after two steps of SGD on the
    supervised loss. The seed of the image is one for which no value stands near a leaky ReLU's kink (`nearest`)."""
    golden = Golden("planned", samples=200, classes=PLANNED_CLASSES, deep=DEEP, learningRate=RATE, momentum=MOMENTUM, weightDecay=DECAY)
    facts = []
    for n, (name, sides, plan, more) in enumerate(PLANS):
        make = lambda: planned.set_hashed_weights(planned.Planned(plan, more["inputChannels"], PLANNED_CLASSES, DEEP).double())
        images = {}
        for seed in range(more["seed"], more["seed"] + 60):
            images[seed] = from_last(noise((1, *sides, more["inputChannels"]), seed))
            net = make()
            logits, deep, features = net(images[seed])
            images[seed] = (net.nearest_kink(), images[seed])
        seed = max(images, key=lambda s: images[s][0])
        image = images[seed][1]
        net = make()
        logits, deep, features = net(image)
        maps = [logits, *deep, features]
        sum((m * from_last(noise(channels_last(m).shape, 1001 + i))).sum() for i, m in enumerate(maps)).backward()
        for key, m in zip(("logits", "deep1", "features"), maps):
            golden.add(f"{n}/{key}", channels_last(m))
        for key, w, axes in net.order:
            golden.add(f"{n}/grad/{key}", vnet.to_last(w.grad, axes))

        net = make()
        optimiser = torch.optim.SGD(net.parameters(), lr=RATE, momentum=MOMENTUM, weight_decay=DECAY)
        size = tuple(reversed(sides))
        shapes = blobs(sides, PLANNED_CLASSES, 0, {})
        one_hot_l = one_hot(torch.tensor(mask(size, shapes).astype(np.int64))[None], PLANNED_CLASSES, torch.float64)
        steps = []
        for _ in range(2):
            optimiser.zero_grad()
            logits, deep, _ = net(image)
            terms = [losses.supervised(logits, one_hot_l)]
            for z in deep:
                terms.append(losses.supervised(z, nnf.interpolate(one_hot_l, size=z.shape[2:], mode="nearest")))
            weights = [0.5**level for level in range(len(terms))]
            loss = sum(w * t for w, t in zip(weights, terms)) / sum(weights)
            loss.backward()
            optimiser.step()
            steps.append(loss.item())
        for key, w, axes in net.order:
            golden.add(f"{n}/stepped/{key}", vnet.to_last(w, axes))
        facts.append({"name": name, "sides": sides, "plan": plan, **more, "seed": seed, "masks": shapes, "losses": steps})
        print(name, "seed", seed, "nearest kink", images[seed][0], steps)
    golden.facts["cases"] = facts
    golden.save()


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
CHANNELS, ALPHA = 6, 20.0


def blobs(sides, classes, image, absent):
    """Labels of one image: class c an ellipsoid of its own place."""
    d, h, w = sides
    shapes = [
        shape(c, (w * (1 + c + image) // (classes + 3), h // 2 + c - image, d // 2), (h * h * d * d // 64, w * w * d * d // 64, w * w * h * h // 64),
              (w * h * d) ** 2 // 64 // (8 + 4 * c), 20)
        for c in range(1, classes)
        if image not in absent.get(c, [])
    ]
    return shapes


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


STEP_CASES = [
    ("supervised", 2, {"method": "supervised"}),
    ("mean-teacher", 2, {"method": "mean-teacher"}),
    ("cpcl", 2, {"method": "cpcl"}),
    ("cpcl, three classes", 3, {"method": "cpcl"}),
    ("cpcl, student branch", 2, {"method": "cpcl", "branch": "student"}),
    ("cpcl, decoder-1/8", 2, {"method": "cpcl", "features": "decoder-1/8"}),
    ("cpcl, decoder-1/4", 2, {"method": "cpcl", "features": "decoder-1/4"}),
    ("cpcl, decoder-1/2", 2, {"method": "cpcl", "features": "decoder-1/2"}),
]
STEPS, LAMBDA_MAX = 20, 0.1


# How much of the label each channel shows.
SHOWN = (1.0, 0.5, 0.0)


def step_batch(t, classes, channels=1):
    """The fixed crops of step t: 2 labelled, 2 unlabelled; channel c of the image = 0.6 SHOWN[c] label + 0.4 noise."""
    size = tuple(reversed(SIDES))
    shapes = [blobs(SIDES, classes, (t + k) % 4, {}) for k in range(4)]
    labels = np.stack([mask(size, s) for s in shapes])
    shown = np.float32(0.6) * np.float32(SHOWN[:channels]) * labels[..., None].astype(np.float32)
    images = np.float32(np.float32(0.4) * noise((4, *SIDES, channels), 5000 + t).astype(np.float32) + shown)
    images = from_last(images.astype(np.float64))
    shift = from_last(noise((2, *SIDES, channels), 5100 + t, 0.2))
    batch = {"images_l": images[:2], "images_u": images[2:], "noise": shift,
             "one_hot_l": one_hot(torch.tensor(labels[:2].astype(np.int64)), classes, torch.float64)}
    return batch, shapes


def steps_golden():
    golden = Golden("steps", samples=64, width=WIDTH, sides=SIDES, steps=STEPS, lambdaMax=LAMBDA_MAX, beta=10.0, alpha=ALPHA)
    golden.facts["masks"] = {c: [step_batch(t, c)[1] for t in range(5)] for c in (2, 3)}
    cases = []
    for n, (name, classes, options) in enumerate(STEP_CASES):
        def run(dtype):
            trainer = Trainer(set_hashed_weights(UNet(WIDTH, classes).double()).to(dtype), steps=STEPS, lambda_max=LAMBDA_MAX, **options)
            return trainer, [trainer.step({k: v.to(dtype) for k, v in step_batch(t, classes)[0].items()}) for t in range(5)]

        trainer, rows = run(torch.float64)
        _, single = run(torch.float32)
        worst = max(abs(a[k] / b[k] - 1) for a, b in zip(single, rows) for k in b if b[k])
        print(f"{name}: {[round(r['total'], 6) for r in rows]}, float32 differs by {worst:.1e}")
        cases.append({"name": name, "classes": classes, "options": options, "losses": rows})
        for network in ("student", "teacher"):
            for key, w in getattr(trainer, network).named_parameters():
                if key == "out.bias" or key.endswith(".weight"):
                    golden.add(f"{n}/{network}/{key}", weight_last(w))
    golden.facts["cases"] = cases
    golden.save()


def channel_steps_golden():
    """Three steps on images of three channels, as in `steps`."""
    channels = len(SHOWN)
    golden = Golden("channel-steps", samples=48, width=WIDTH, sides=SIDES, steps=STEPS, lambdaMax=LAMBDA_MAX, beta=10.0, alpha=ALPHA, inputChannels=channels)
    golden.facts["masks"] = {2: [step_batch(t, 2)[1] for t in range(3)]}
    cases = []
    for n, method in enumerate(("supervised", "mean-teacher", "cpcl")):
        trainer = Trainer(set_hashed_weights(UNet(WIDTH, 2, channels).double()), method, steps=STEPS, lambda_max=LAMBDA_MAX)
        rows = [trainer.step(step_batch(t, 2, channels)[0]) for t in range(3)]
        print(method, [{k: round(v, 5) for k, v in r.items() if v is not None} for r in rows])
        cases.append({"method": method, "losses": rows})
        for network in ("student", "teacher"):
            for key, w in getattr(trainer, network).named_parameters():
                if key == "out.bias" or key.endswith(".weight"):
                    golden.add(f"{n}/{network}/{key}", weight_last(w))
    golden.facts["cases"] = cases
    golden.save()


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


METHOD_CASES = [("ua-mt", {}), ("entropy", {}), ("ict", {}), ("dtml", {}), ("dan", {}),
                ("cpcl", {"processes": "forward"}), ("cpcl", {"processes": "backward"}), ("cpcl", {"mean_teacher": True}),
                ("paste", {}), ("bcp", {}), ("cpcl-mix", {}), ("agreement", {"confidence": 0.55})]
MIX = 0.9**5 / (0.9**5 + 0.8**5)
# floor(2/3) of each side, at floor(u (room + 1)) for u = .9, .8, .9
BOX = tuple((int(u * (n - n * 2 // 3 + 1)), n * 2 // 3) for u, n in zip((0.9, 0.8, 0.9), SIDES))


def distance_net():
    """DTML's distance network, its last layer a hundredth of the usual: with outputs of order 1 the slope of 1500 leaves a
    gradient to a handful of voxels alone, and PyTorch's own float32 stands 0.3 %, 40 % and 226 % of the largest element away
    from float64 in the first three gradients; so started, 2e-5 to 4e-4."""
    net = set_hashed_weights(UNet(WIDTH, 2).double(), 300)
    with torch.no_grad():
        net.out.weight.mul_(0.01)
        net.out.bias.mul_(0.01)
    return net


def method_steps_golden():
    """Three steps of each further method and ablation, as in `steps`."""
    golden = Golden("method-steps", samples=48, width=WIDTH, sides=SIDES, steps=STEPS, lambdaMax=LAMBDA_MAX, beta=10.0, alpha=ALPHA)
    golden.facts["masks"] = {2: [step_batch(t, 2)[1] for t in range(3)]}
    cases = []
    for n, (method, options) in enumerate(METHOD_CASES):
        extra = {"dtml": distance_net,
                 "dan": lambda: methods.set_hashed_discriminator(methods.Discriminator(2).double(), 400)}.get(method, lambda: None)()
        trainer = Trainer(set_hashed_weights(UNet(WIDTH, 2).double()), method, steps=STEPS, lambda_max=LAMBDA_MAX, extra=extra, **options)
        rows = []
        for t in range(3):
            batch = {**step_batch(t, 2)[0], "m": MIX, "inside": methods.box_mask(SIDES, BOX)}
            if method == "ua-mt":
                batch["noise"] = [from_last(x) for x in noise((9, 2, *SIDES, 1), 5200 + t, 0.2)]
            rows.append(trainer.step(batch))
        print(method, options, [{k: round(v, 5) for k, v in r.items()} for r in rows])
        cases.append({"method": method, "options": options, "losses": rows})
        for key, w in trainer.student.named_parameters():
            if key == "out.bias" or key.endswith(".weight"):
                golden.add(f"{n}/student/{key}", weight_last(w))
        if method == "dtml":
            for key, w in extra.named_parameters():
                if key == "out.bias" or key.endswith(".weight"):
                    golden.add(f"{n}/distance/{key}", weight_last(w))
        if method == "dan":
            for key, w in extra.named_parameters():
                golden.add(f"{n}/discriminator/{key}", methods.discriminator_last(w))
    golden.facts["cases"] = cases
    golden.save()


if __name__ == "__main__":
    torch.set_num_threads(2)
    if sys.argv[1:] in ([], ["metrics"]):
        metrics.main()
    for group, make in {"unet-2": lambda: unet_golden(2), "unet-3": lambda: unet_golden(3), "vnet": vnet_golden, "planned": planned_golden, "losses": loss_golden, "steps": steps_golden, "channel-steps": channel_steps_golden,
                        "terms": term_golden, "method-steps": method_steps_golden}.items():
        if sys.argv[1:] in ([], [group]):
            make()
