"""Training steps of every method, the method's sections 1 and 3: SGD, ramp-up, EMA teacher, no augmentation."""
import copy
import math

import torch
import torch.nn.functional as nnf

import losses


def ramp_up(step, steps, largest):
    return largest * math.exp(-5 * (1 - step / steps) ** 2)


def poly(step, steps, start):
    return start * (1 - step / steps) ** 0.9


class Trainer:
    """A student, its EMA teacher and SGD. `step` returns the terms before weighting, lambda and the learning rate."""

    def __init__(self, net, method, steps, features="bottleneck", branch="teacher", lambda_max=0.1, beta=10.0, alpha=20.0,
                 form=losses):
        self.student, self.teacher = net, copy.deepcopy(net).requires_grad_(False)
        self.method, self.steps, self.features, self.branch = method, steps, features, branch
        self.lambda_max, self.beta, self.alpha, self.form, self.t = lambda_max, beta, alpha, form, 0
        self.sgd = torch.optim.SGD(net.parameters(), lr=0.01, momentum=0.9, weight_decay=1e-4)

    def step(self, batch):
        """batch: images_l, one_hot_l, images_u (and noise: what the teacher's images are shifted by)."""
        weight = ramp_up(self.t, self.steps, self.lambda_max)
        rate = poly(self.t, self.steps, 0.01)
        terms = getattr(self, "_" + self.method.replace("-", "_"))(batch)
        factors = {"supervised": 1.0, "forward": weight, "backward": weight * self.beta, "consistency": weight}
        total = sum(factors[name] * term for name, term in terms.items() if term is not None)
        self.sgd.param_groups[0]["lr"] = rate
        self.sgd.zero_grad(set_to_none=True)
        total.backward()
        self.sgd.step()
        decay = min(1 - 1 / (self.t + 1), 0.99)
        with torch.no_grad():
            torch._foreach_mul_(list(self.teacher.parameters()), decay)
            torch._foreach_add_(list(self.teacher.parameters()), list(self.student.parameters()), alpha=1 - decay)
        self.t += 1
        values = {name: None if term is None else term.item() for name, term in terms.items()}
        return {"total": total.item(), **values, "lambda": weight, "learningRate": rate}

    def _supervised(self, batch):
        logits, _ = self.student(batch["images_l"], self.features)
        return {"supervised": losses.supervised(logits, batch["one_hot_l"])}

    def _mean_teacher(self, batch):
        logits_l, _ = self.student(batch["images_l"], self.features)
        logits_u, _ = self.student(batch["images_u"], self.features)
        with torch.no_grad():
            target, _ = self.teacher(batch["images_u"] + batch["noise"], self.features)
        return {"supervised": losses.supervised(logits_l, batch["one_hot_l"]),
                "consistency": losses.mean_teacher(logits_u, target)}

    def _cpcl(self, batch):
        logits_l, f_l = self.student(batch["images_l"], self.features)
        with torch.set_grad_enabled(self.branch == "student"):
            network = self.student if self.branch == "student" else self.teacher
            logits_u, f_u = network(batch["images_u"], self.features)
        return {"supervised": losses.supervised(logits_l, batch["one_hot_l"]),
                "forward": losses.forward_consistency(f_l, batch["one_hot_l"], f_u, logits_u, self.alpha, self.form),
                "backward": losses.backward_consistency(f_l, batch["one_hot_l"], f_u, logits_u, self.alpha, self.form)}


def one_hot(labels, classes, dtype):
    """int [K, D, H, W] -> [K, C, D, H, W]"""
    return nnf.one_hot(labels, classes).movedim(-1, 1).to(dtype).contiguous()
