"""Golden values of whole training steps: losses and weights after a few of them."""
import numpy as np
import torch

import methods
from golden import ALPHA, SIDES, WIDTH, Golden, blobs, mask, noise
from train import Trainer, one_hot
from unet import UNet, from_last, set_hashed_weights, weight_last

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


def add_weights(golden, prefix, net):
    """Without biases in front of instance norm, which cancel."""
    for key, w in net.named_parameters():
        if key == "out.bias" or key.endswith(".weight"):
            golden.add(f"{prefix}/{key}", weight_last(w))


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
            add_weights(golden, f"{n}/{network}", getattr(trainer, network))
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
            add_weights(golden, f"{n}/{network}", getattr(trainer, network))
    golden.facts["cases"] = cases
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
        add_weights(golden, f"{n}/student", trainer.student)
        if method == "dtml":
            add_weights(golden, f"{n}/distance", extra)
        if method == "dan":
            for key, w in extra.named_parameters():
                golden.add(f"{n}/discriminator/{key}", methods.discriminator_last(w))
    golden.facts["cases"] = cases
    golden.save()
