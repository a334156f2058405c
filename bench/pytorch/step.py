"""One training step in PyTorch, for comparison: python3 bench/pytorch/step.py --width 8 --patch 64,64,32  (pip install torch numpy)

Prints JSON lines. First, after --warm-up steps: {"ready": ..., "torch", "threads", "bytes"}. Then one line
{"seconds", "loss"} for every line "step" on standard input, so that a caller interleaves the steps of several
programs. At the end of input: {"bytes", "baselineBytes"}: peak resident memory above and at the baseline, which is taken
after the import of torch and a first small convolution with its gradient.

--sweep: on CUDA, the timed steps of every precision in both layouts, one JSON line each: {"precision", "layout", "seconds",
"deviceBytes"}, or {"precision", "layout", "error"}.

--form exact: the coarse-grid form of the prototype terms; plain: the upsampled feature map.
"""
import argparse
import json
import os
import resource
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "test", "reference"))

import torch  # noqa: E402

import exact  # noqa: E402
import losses  # noqa: E402
from train import Trainer, one_hot  # noqa: E402
from unet import UNet  # noqa: E402


# Features and branch of the program's own default.
READING = ("decoder-1/4", "student")
PRECISIONS = ["fp32", "tf32", "bf16"]
LAYOUTS = ["channels-first", "channels-last"]


def peak():
    """Peak resident bytes of this process."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def say(**facts):
    print(json.dumps(facts), flush=True)


def make_batch(args, memory_format):
    """Noise around a ball; the times do not depend on the values."""
    generator = torch.Generator().manual_seed(1)
    x, y, z = args.patch
    grid = torch.meshgrid(*[torch.linspace(-1, 1, n) for n in (z, y, x)], indexing="ij")
    labels = (sum(g**2 for g in grid) < 0.5).long().expand(args.batch, z, y, x)
    images = [(labels + 0.5 * torch.randn(labels.shape, generator=generator))[:, None] for _ in range(2)]
    images = [i.contiguous(memory_format=memory_format).to(args.device) for i in images]
    shift = (0.1 * torch.randn(images[0].shape, generator=generator)).clamp(-0.2, 0.2).to(args.device)
    return {"images_l": images[0], "images_u": images[1], "noise": shift, "one_hot_l": one_hot(labels, args.classes, torch.float32).to(args.device)}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--method", choices=["cpcl", "supervised", "mean-teacher"], default="cpcl")
    parser.add_argument("--form", choices=["exact", "plain"], default="exact")
    parser.add_argument("--features", default="bottleneck")
    parser.add_argument("--branch", choices=["teacher", "student"], default="teacher")
    parser.add_argument("--width", type=int, default=8)
    parser.add_argument("--patch", type=lambda s: [int(n) for n in s.split(",")], default=[64, 64, 32], help="X,Y,Z")
    parser.add_argument("--batch", type=int, default=2, help="labelled patches, and as many unlabelled ones")
    parser.add_argument("--classes", type=int, default=2)
    parser.add_argument("--dropout", type=float, default=0.3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--device", default="cpu", help="cpu or cuda")
    parser.add_argument("--reading", choices=["default", "paper"], help="the program's default or the paper's: sets --features and --branch")
    parser.add_argument("--precision", choices=PRECISIONS, default="fp32", help="on CUDA: TF32 off, TF32 on, bfloat16 autocast")
    parser.add_argument("--layout", choices=LAYOUTS, default="channels-first")
    parser.add_argument("--warm-up", type=int, default=2)
    parser.add_argument("--sweep", action="store_true")
    parser.add_argument("--steps", type=int, default=0, help="run this many timed steps and end, without standard input")
    args = parser.parse_args()

    if args.reading:
        args.features, args.branch = ("bottleneck", "teacher") if args.reading == "paper" else READING
    torch.set_num_threads(args.threads)
    if args.sweep:
        sweep(args)
        return
    torch.manual_seed(1)
    tiny = torch.nn.Conv3d(1, 1, 3, padding=1)(torch.zeros(1, 1, 4, 4, 4, requires_grad=True))
    tiny.sum().backward()
    baseline = peak()
    timed = stepper(args)
    for _ in range(args.warm_up):
        timed()
    say(ready=True, torch=torch.__version__, threads=torch.get_num_threads(), method=args.method, form=args.form, layout=args.layout)
    commands = ["step"] * args.steps if args.steps else (line.strip() for line in sys.stdin)
    for command in commands:
        if command == "step":
            say(**timed())
        elif command == "quit":
            break
    memory = {} if args.device == "cpu" else {"deviceBytes": torch.cuda.max_memory_allocated()}
    say(bytes=peak() - baseline, baselineBytes=baseline, **memory)


def stepper(args):
    """What does one step and tells its seconds and loss."""
    if args.device != "cpu":
        torch.backends.cudnn.benchmark = True
        torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = args.precision != "fp32"
    torch.manual_seed(1)
    memory_format = torch.channels_last_3d if args.layout == "channels-last" else torch.contiguous_format
    net = UNet(args.width, args.classes, dropout=args.dropout).to(args.device, memory_format=memory_format)
    form = exact if args.form == "exact" else losses
    trainer = Trainer(net, args.method, steps=20000, features=args.features, branch=args.branch, form=form)
    batch = make_batch(args, memory_format)

    def timed():
        start = time.perf_counter()
        with torch.autocast(args.device, dtype=torch.bfloat16, enabled=args.precision == "bf16"):
            loss = trainer.step(batch)["total"]
        if args.device != "cpu":
            torch.cuda.synchronize()
        return {"seconds": time.perf_counter() - start, "loss": loss}

    return timed


def sweep(args):
    for args.precision in PRECISIONS:
        for args.layout in LAYOUTS:
            torch.cuda.empty_cache()
            torch.cuda.reset_peak_memory_stats()
            try:
                timed = stepper(args)
                for _ in range(args.warm_up):
                    timed()
                seconds = sorted(timed()["seconds"] for _ in range(args.steps))
                say(precision=args.precision, layout=args.layout, seconds=seconds[len(seconds) // 2], deviceBytes=torch.cuda.max_memory_allocated())
            except RuntimeError as error:
                say(precision=args.precision, layout=args.layout, error=str(error).split("\n")[0])


if __name__ == "__main__":
    main()
