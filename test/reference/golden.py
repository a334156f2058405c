"""Golden files: numbers that both sides make from integers, and values stored for comparison. See README.md."""
import json
import os

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
# Of the paper's U-Net and of its steps: D, H, W and channels of the first level; and the prototypes' temperature.
SIDES, WIDTH = (16, 32, 32), 4
ALPHA = 20.0


def hashed(count, seed):
    """float64 [count] in [-1, 1), each a multiple of 2^-23 (exact in float32): an integer hash of index and seed."""
    with np.errstate(over="ignore"):
        h = np.arange(count, dtype=np.uint32) + np.uint32(seed * 0x9E3779B9 % 2**32)
        h = (h ^ (h >> np.uint32(16))) * np.uint32(0x85EBCA6B)
        h = (h ^ (h >> np.uint32(13))) * np.uint32(0xC2B2AE35)
        h = h ^ (h >> np.uint32(16))
    return (h >> np.uint32(8)).astype(np.float64) / 2**23 - 1


def noise(shape, seed, scale=1.0, shift=0.0):
    """float64 array of float32 values: float32(hashed * scale + shift)."""
    count = int(np.prod(shape))
    return np.float32(hashed(count, seed) * scale + shift).astype(np.float64).reshape(shape)


def mask(size, shapes):
    """uint8 [k, j, i] of `size` (i, j, k). A shape: {"label", "centre", "weights", "limit", "noise"}; a voxel is in it
    where sum_axis weights * (index - centre)^2 <= limit and its hash (v * 2654435761 mod 2^32) >> 24 is >= noise."""
    k, j, i = np.meshgrid(*[np.arange(n, dtype=np.int64) for n in reversed(size)], indexing="ij")
    voxel = i + size[0] * (j + size[1] * k)
    speckle = ((voxel * 2654435761) % 2**32) >> 24
    out = np.zeros(voxel.shape, np.uint8)
    for s in shapes:
        (ci, cj, ck), (wi, wj, wk) = s["centre"], s["weights"]
        inside = wi * (i - ci) ** 2 + wj * (j - cj) ** 2 + wk * (k - ck) ** 2 <= s["limit"]
        out[inside & (speckle >= s["noise"])] = s["label"]
    return out


def shape(label, centre, weights, limit, noise=0):
    return {"label": label, "centre": list(centre), "weights": list(weights), "limit": limit, "noise": noise}


class Golden:
    """One group: golden/<name>.json beside golden/<name>.f32 (little-endian float32)."""

    def __init__(self, name, samples=512, **facts):
        self.name, self.samples, self.facts = name, samples, facts
        self.tensors, self.data, self.at = {}, [], 0

    def add(self, name, array):
        """Stores every stride-th element of the flat array (all when it is small), and the norm of the whole."""
        array = np.asarray(array, np.float64)
        flat = array.reshape(-1)
        stride = max(1, -(-flat.size // self.samples))
        stride += 1 - stride % 2  # odd, so that no channel is left out
        values = flat[::stride].astype("<f4")
        self.tensors[name] = {"shape": list(array.shape), "stride": stride, "at": self.at, "count": int(values.size),
                              "norm": float(np.linalg.norm(flat))}
        self.data.append(values)
        self.at += values.size

    def save(self):
        path = os.path.join(HERE, "golden", self.name)
        np.concatenate(self.data or [np.zeros(0, "<f4")]).tofile(path + ".f32")
        with open(path + ".json", "w") as out:
            json.dump({**self.facts, "tensors": self.tensors}, out, separators=(",", ":"))
            out.write("\n")
        print(self.name, os.path.getsize(path + ".f32") + os.path.getsize(path + ".json"), "bytes")


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
