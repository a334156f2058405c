"""Golden values of the networks: outputs and gradients of the U-Net, the V-Net and planned networks."""
import numpy as np
import torch
import torch.nn.functional as nnf

import losses
import planned
import vnet
from golden import SIDES, WIDTH, Golden, blobs, mask, noise
from train import one_hot
from unet import FEATURES, UNet, channels_last, from_last, set_hashed_weights, weight_last

BATCH = 2


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
