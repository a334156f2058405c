"""Sliding-window prediction in PyTorch, for comparison: python3 bench/pytorch/predict.py --width 8 --patch 96,96,96 --size 256,256,256

Prints one JSON line: {"seconds", "windows", "total", "bytes"}. With --windows only the first ones run and the seconds are scaled up.
"""
import argparse
import itertools
import json
import os
import resource
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "test", "reference"))

import torch  # noqa: E402

from unet import UNet  # noqa: E402


def peak():
    """Peak resident bytes of this process."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def starts(size, patch):
    """As windowStarts of src/core/predict/sliding-window.ts, with its default stride."""
    stride = min(64, max(1, patch // 2))
    if size <= patch:
        return [0]
    return [*range(0, size - patch, stride), size - patch]


def main():
    sides = lambda s: [int(n) for n in s.split(",")]  # noqa: E731
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--width", type=int, default=8)
    parser.add_argument("--patch", type=sides, default=[96, 96, 96])
    parser.add_argument("--size", type=sides, default=[256, 256, 256])
    parser.add_argument("--windows", type=int, default=0)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--device", default="cpu", help="cpu or cuda")
    parser.add_argument("--precision", choices=["fp32", "tf32", "bf16"], default="fp32", help="on CUDA: TF32 off, TF32 on, bfloat16 autocast")
    args = parser.parse_args()
    if args.device != "cpu":
        torch.backends.cudnn.benchmark = True
        torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = args.precision != "fp32"
    torch.set_num_threads(args.threads)
    net = UNet(args.width, 2).eval().to(args.device)
    (px, py, pz), (sx, sy, sz) = args.patch, args.size
    baseline = peak()
    with torch.inference_mode():
        image = torch.rand(sz, sy, sx)
        sums = torch.zeros(2, sz, sy, sx, device=args.device)
        hits = torch.zeros(sz, sy, sx, dtype=torch.int16, device=args.device)
        autocast = torch.autocast(args.device, dtype=torch.bfloat16, enabled=args.precision == "bf16")
        if args.device != "cpu":
            with autocast:  # cuDNN chooses, for every later window
                net(torch.zeros(1, 1, pz, py, px, device=args.device))
            torch.cuda.synchronize()
        places = list(itertools.product(starts(sz, pz), starts(sy, py), starts(sx, px)))
        chosen = places[: args.windows or len(places)]
        start = time.perf_counter()
        for z, y, x in chosen:
            box = (slice(z, z + pz), slice(y, y + py), slice(x, x + px))
            with autocast:
                logits, _ = net(image[box][None, None].to(args.device))
            sums[(slice(None), *box)] += torch.softmax(logits[0].float(), 0)
            hits[box] += 1
        sums /= hits
        sums.cpu()  # where the program has them
        seconds = time.perf_counter() - start
    print(json.dumps({"seconds": seconds * len(places) / len(chosen), "windows": len(chosen), "total": len(places), "bytes": peak() - baseline}))


if __name__ == "__main__":
    main()
