"""Training steps of every method, the method's sections 1 and 3: SGD, ramp-up, EMA teacher, no augmentation."""
import copy
import math

import torch
import torch.nn.functional as nnf

import losses
import methods


def ramp_up(step, steps, largest):
    return largest * math.exp(-5 * (1 - step / steps) ** 2)


def poly(step, steps, start):
    return start * (1 - step / steps) ** 0.9


class Trainer:
    """A student, its EMA teacher and SGD. `step` returns the terms before weighting, lambda and the learning rate."""

    def __init__(self, net, method, steps, features="bottleneck", branch="teacher", lambda_max=0.1, beta=10.0, alpha=20.0,
                 form=losses, extra=None, processes="both", mean_teacher=False, confidence=0.8):
        """`extra` is DTML's distance network or DAN's discriminator."""
        self.student, self.teacher = net, copy.deepcopy(net).requires_grad_(False)
        self.method, self.steps, self.features, self.branch = method, steps, features, branch
        self.lambda_max, self.beta, self.alpha, self.form, self.t = lambda_max, beta, alpha, form, 0
        self.extra, self.adam, self.processes, self.with_mean_teacher = extra, None, processes, mean_teacher
        self.confidence = confidence
        trained = list(net.parameters())
        if method == "dan":
            self.adam = torch.optim.Adam(extra.parameters(), lr=1e-4, betas=(0.9, 0.99))
        elif extra is not None:
            trained += list(extra.parameters())
        self.sgd = torch.optim.SGD(trained, lr=0.01, momentum=0.9, weight_decay=1e-4)

    def step(self, batch):
        """batch: images_l, one_hot_l, images_u; noise, what the teacher's images are shifted by (UA-MT: passes of it); m."""
        weight = ramp_up(self.t, self.steps, self.lambda_max)
        rate = poly(self.t, self.steps, 0.01)
        terms = getattr(self, "_" + self.method.replace("-", "_"))(batch)
        factors = {"supervised": 1.0, "forward": weight, "backward": weight * self.beta, "consistency": weight}
        if self.method == "dtml":
            factors = {"supervised": 1.0, "distance": 1.0, "consistency": ramp_up(self.t, self.steps, 1.0)}
        if self.method in ("bcp", "cpcl-mix", "agreement"):
            factors["consistency"] = ramp_up(self.t, self.steps, 0.5)
        total = sum(factors[name] * term for name, term in terms.items() if term is not None)
        self.sgd.param_groups[0]["lr"] = rate
        self.sgd.zero_grad(set_to_none=True)
        total.backward()
        self.sgd.step()
        if self.adam is not None:
            terms["discriminator"] = self._step_discriminator(batch)
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

    def _paste(self, batch):
        """Each patch with the box of the next one, the last with the first one's."""
        mixed = [methods.pasted(x, x.roll(-1, 0), batch["inside"]) for x in (batch["images_l"], batch["one_hot_l"])]
        return {"supervised": losses.supervised(self.student(mixed[0])[0], mixed[1])}

    def _bcp(self, batch):
        with torch.no_grad():
            pseudo = methods.largest_pieces(self.teacher(batch["images_u"])[0])
        nothing = torch.zeros_like(pseudo)
        self.truth = methods.both_ways(batch["one_hot_l"], nothing, batch["inside"])
        self.pseudo = methods.both_ways(nothing, pseudo, batch["inside"])
        self.mixed = self.student(methods.both_ways(batch["images_l"], batch["images_u"], batch["inside"]), self.features)
        return {"supervised": methods.partial_supervised(self.mixed[0], self.truth),
                "consistency": methods.partial_supervised(self.mixed[0], self.pseudo)}

    def _cpcl_mix(self, batch):
        terms = self._bcp(batch)
        forward, backward = methods.mixed_cycle(self.mixed[1], self.mixed[0], self.truth, self.pseudo, self.alpha)
        return {**terms, "forward": forward, "backward": backward}

    def _agreement(self, batch):
        logits_l, f_l = self.student(batch["images_l"], self.features)
        with torch.no_grad():
            logits_u, f_u = self.teacher(batch["images_u"], self.features)
            p_l, present = losses.pooled(f_l.detach(), batch["one_hot_l"])
            said = losses.prototype_logits(f_u, p_l, present, self.alpha, logits_u.shape[2:])
            pseudo = methods.agreed(logits_u, said, self.confidence)
            gammas = [math.exp(math.log(0.7) + (math.log(1.5) - math.log(0.7)) * u) for u in (0.9, 0.8)]
            strong = methods.gamma_curve(batch["images_u"], gammas) + batch["noise"]
        return {"supervised": losses.supervised(logits_l, batch["one_hot_l"]),
                "consistency": methods.partial_supervised(self.student(strong)[0], pseudo)}

    def _entropy(self, batch):
        logits_l, _ = self.student(batch["images_l"])
        logits_u, _ = self.student(batch["images_u"])
        return {"supervised": losses.supervised(logits_l, batch["one_hot_l"]),
                "consistency": methods.entropy_mini(torch.cat([logits_l, logits_u]))}

    def _ua_mt(self, batch):
        logits_l, _ = self.student(batch["images_l"])
        logits_u, _ = self.student(batch["images_u"])
        with torch.no_grad():
            target, *passes = [self.teacher(batch["images_u"] + n)[0] for n in batch["noise"]]
            mask = methods.certain(torch.stack(passes), self.t, self.steps)
        return {"supervised": losses.supervised(logits_l, batch["one_hot_l"]), "consistency": methods.ua_mt(logits_u, target, mask)}

    def _ict(self, batch):
        first, second = batch["images_u"].chunk(2)
        logits_l, _ = self.student(batch["images_l"])
        logits_m, _ = self.student(methods.mixed(first, second, batch["m"]))
        with torch.no_grad():
            targets = [self.teacher(images)[0] for images in (first, second)]
        return {"supervised": losses.supervised(logits_l, batch["one_hot_l"]),
                "consistency": methods.ict(logits_m, *targets, batch["m"])}

    def _dtml(self, batch):
        images = torch.cat([batch["images_l"], batch["images_u"]])
        logits, _ = self.student(images)
        output, _ = self.extra(images)
        k = len(batch["images_l"])
        return {"supervised": losses.supervised(logits[:k], batch["one_hot_l"]),
                "distance": methods.dtml_distance(output[:k], batch["one_hot_l"]),
                "consistency": methods.dtml_consistency(output, logits)}

    def _dan(self, batch):
        logits_l, _ = self.student(batch["images_l"])
        logits_u, _ = self.student(batch["images_u"])
        self.judged = (logits_l.detach(), logits_u.detach())
        judged = self.extra(logits_u, batch["images_u"])
        return {"supervised": losses.supervised(logits_l, batch["one_hot_l"]),
                "consistency": nnf.cross_entropy(judged, torch.ones(len(judged), dtype=torch.long))}

    def _step_discriminator(self, batch):
        """On the outputs that the student was stepped on."""
        judged = self.extra(torch.cat(self.judged), torch.cat([batch["images_l"], batch["images_u"]]))
        k = len(batch["images_l"])
        loss = nnf.cross_entropy(judged, torch.tensor([1] * k + [0] * (len(judged) - k)))
        self.adam.zero_grad()
        loss.backward()
        self.adam.step()
        return loss

    def _cpcl(self, batch):
        logits_l, f_l = self.student(batch["images_l"], self.features)
        with torch.set_grad_enabled(self.branch == "student"):
            network = self.student if self.branch == "student" else self.teacher
            logits_u, f_u = network(batch["images_u"], self.features)
        terms = {"supervised": losses.supervised(logits_l, batch["one_hot_l"])}
        if self.with_mean_teacher:
            terms["consistency"] = self._mean_teacher(batch)["consistency"]
        for name, term in (("forward", losses.forward_consistency), ("backward", losses.backward_consistency)):
            if self.processes in ("both", name):
                terms[name] = term(f_l, batch["one_hot_l"], f_u, logits_u, self.alpha, self.form)
        return terms


def one_hot(labels, classes, dtype):
    """int [K, D, H, W] -> [K, C, D, H, W]; a value that is no class (255: not drawn) is 0 in all of them."""
    return nnf.one_hot(labels.clamp(max=classes), classes + 1)[..., :classes].movedim(-1, 1).to(dtype).contiguous()
