"""Golden metrics from scipy: python3 test/reference/metrics.py  (pip install numpy scipy)

Independent of the TypeScript: scipy's erosion, brute-force distance transform of the whole volume, numpy's
percentile, scipy.stats' t-test. Masks follow from integers alone (golden.mask), so the file holds recipes, not voxels.
"""
import json
import os

import numpy as np
from scipy import ndimage, stats

from golden import HERE, mask, shape as ball


def metrics(prediction, reference, spacing):
    """Percent and mm; spacing along i, j, k."""
    p, r = prediction.astype(bool), reference.astype(bool)
    both, total = int((p & r).sum()), int(p.sum()) + int(r.sum())
    dice = 100.0 if total == 0 else 200.0 * both / total
    jaccard = 100.0 if total == 0 else 100.0 * both / (total - both)
    if not p.any() or not r.any():
        return {"dice": dice, "jaccard": jaccard, "hd95": None, "asd": None}
    six = ndimage.generate_binary_structure(3, 1)
    ps, rs = p & ~ndimage.binary_erosion(p, six), r & ~ndimage.binary_erosion(r, six)
    step = tuple(reversed(spacing))
    to_reference = ndimage.distance_transform_edt(~rs, sampling=step)[ps]
    to_prediction = ndimage.distance_transform_edt(~ps, sampling=step)[rs]
    hd95 = np.percentile(np.hstack([to_reference, to_prediction]), 95)
    return {"dice": dice, "jaccard": jaccard, "hd95": float(hd95), "asd": float(to_reference.mean())}


CASES = [
    ("shifted ellipsoids", [40, 33, 21], [1.25, 1.25, 1.25], 1,
     [ball(1, [20, 16, 10], [4, 5, 9], 700)], [ball(1, [18, 17, 11], [5, 4, 8], 650)]),
    ("anisotropic spacing, ragged surface", [48, 40, 24], [0.78125, 0.9, 3.0], 1,
     [ball(1, [24, 20, 12], [3, 3, 10], 900, 40)], [ball(1, [22, 21, 11], [3, 4, 9], 800, 25)]),
    ("touching the border", [24, 20, 12], [1, 2, 0.5], 1,
     [ball(1, [0, 0, 0], [1, 1, 1], 80)], [ball(1, [2, 19, 11], [1, 1, 1], 90)]),
    ("far apart", [64, 20, 12], [1.5, 1.5, 2.5], 1,
     [ball(1, [5, 10, 6], [1, 1, 1], 9)], [ball(1, [58, 9, 5], [1, 1, 2], 12)]),
    ("one voxel against a ball", [20, 20, 20], [0.7, 0.8, 0.9], 1,
     [ball(1, [3, 3, 3], [1, 1, 1], 0)], [ball(1, [10, 10, 10], [1, 1, 1], 30)]),
    ("second of three labels", [32, 32, 16], [1, 1, 2], 2,
     [ball(1, [16, 16, 8], [1, 1, 4], 150), ball(2, [16, 18, 8], [1, 1, 4], 60, 10)],
     [ball(1, [15, 16, 8], [1, 1, 4], 150), ball(2, [17, 17, 7], [1, 1, 3], 55)]),
    ("scattered voxels", [30, 28, 26], [1.1, 0.6, 2.2], 1,
     [ball(1, [15, 14, 13], [1, 1, 1], 200, 200)], [ball(1, [14, 15, 12], [1, 1, 1], 190, 180)]),
    ("identical", [20, 20, 20], [1, 1, 1], 1,
     [ball(1, [9, 10, 11], [1, 2, 1], 40)], [ball(1, [9, 10, 11], [1, 2, 1], 40)]),
    ("empty prediction", [16, 16, 16], [1, 1, 1], 1, [], [ball(1, [8, 8, 8], [1, 1, 1], 9)]),
    ("empty reference", [16, 16, 16], [1, 1, 1], 1, [ball(1, [8, 8, 8], [1, 1, 1], 9)], []),
    ("both empty", [16, 16, 16], [1, 1, 1], 1, [], []),
]


def main():
    cases = []
    for name, size, spacing, label, prediction, reference in CASES:
        expected = metrics(mask(size, prediction) == label, mask(size, reference) == label, spacing)
        cases.append({"name": name, "size": size, "spacing": spacing, "label": label,
                      "prediction": prediction, "reference": reference, "expected": expected})
    rng = np.random.default_rng(3)
    tests = []
    for n, shift in [(2, 0.5), (3, 0.0), (10, 0.4), (20, 0.9), (60, 0.2), (200, 3.0)]:
        a = np.round(rng.normal(80, 10, n), 3)
        b = np.round(a - shift * rng.normal(1, 2, n), 3) if shift else np.round(rng.normal(80, 10, n), 3)
        t, p = stats.ttest_rel(a, b)
        tests.append({"first": a.tolist(), "second": b.tolist(), "t": float(t), "p": float(p)})
    tails = [{"t": t, "df": df, "p": float(2 * stats.t.sf(t, df))}
             for df in (1, 2, 3, 5, 10, 30, 100, 1000) for t in (0.0, 0.01, 0.5, 1.0, 1.96, 3.0, 8.0, 40.0)]
    path = os.path.join(HERE, "golden", "metrics.json")
    with open(path, "w") as out:
        json.dump({"cases": cases, "tTests": tests, "tails": tails}, out, indent=1)
        out.write("\n")
    print(path, os.path.getsize(path), "bytes")


if __name__ == "__main__":
    main()
