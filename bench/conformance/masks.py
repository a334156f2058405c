"""Masks as pydicom and scikit-image read them: one request a line (JSON), one answer a line. Nothing of Decile is used."""
import json
import sys
import warnings

import numpy as np
import pydicom
from skimage.draw import polygon2mask
from skimage.measure import points_in_poly

warnings.simplefilter("ignore")
TIE = 0.02  # voxels: whether a centre this near to a line is inside is a convention
SAME_PLANE = 0.05  # mm: frames of one segment that are this near are one plane, drawn twice
FLAT = 0.2  # slices that a contour may cross


def seg(request):
    d = pydicom.dcmread(request["path"])
    kind = d.get("SegmentationType", "BINARY")
    pixels = d.pixel_array if int(d.get("NumberOfFrames", 1)) > 1 else d.pixel_array[np.newaxis]
    shared = d.SharedFunctionalGroupsSequence[0] if d.get("SharedFunctionalGroupsSequence") else pydicom.Dataset()

    def group(frame, macro):
        return frame.get(macro, shared.get(macro))[0]

    found, planes = {}, {}
    for n, frame in zip(range(len(pixels)), d.PerFrameFunctionalGroupsSequence):
        position = np.array(group(frame, "PlanePositionSequence").ImagePositionPatient, float)
        axes = np.array(group(frame, "PlaneOrientationSequence").ImageOrientationPatient, float)
        down, across = (float(x) for x in group(frame, "PixelMeasuresSequence").PixelSpacing)
        if kind == "LABELMAP":
            parts = {int(v): pixels[n] == v for v in np.unique(pixels[n]) if v > 0}
        else:
            number = int(group(frame, "SegmentIdentificationSequence").ReferencedSegmentNumber)
            least = d.MaximumFractionalValue / 2 if kind == "FRACTIONAL" else 1
            parts = {number: pixels[n] >= max(1, least)}
        for number, inside in parts.items():
            rows, columns = np.nonzero(inside)
            if len(rows) == 0:
                continue
            centre = position + columns.mean() * across * axes[:3] + rows.mean() * down * axes[3:]
            count, total = found.get(number, (0, np.zeros(3)))
            found[number] = (count + len(rows), total + centre * len(rows))
            at = position @ np.cross(axes[:3], axes[3:])
            twin = next((p for p in planes.setdefault(number, []) if abs(p[0] - at) <= SAME_PLANE), None)
            if twin is None:
                planes[number].append([at, inside])
            else:
                twin[1] = twin[1] | inside
    return {
        str(k): {"voxels": n, "centre": list(total / n), "distinct": sum(int(p[1].sum()) for p in planes[k])}
        for k, (n, total) in found.items()
    }


def nested(polygons, shape):
    """Closed contours united; one that lies inside another is a hole, one inside the hole an island."""
    unique = []
    for p in polygons:
        m = polygon2mask(shape, p)
        if m.any() and not any(np.array_equal(m, other) for _, other in unique):
            unique.append((p, m))
    unique.sort(key=lambda one: -one[1].sum())
    depth = []
    for n, (p, m) in enumerate(unique):
        around = [
            depth[k] for k in range(n)
            if m.sum() < unique[k][1].sum() and not (m & ~unique[k][1]).any() and points_in_poly(p, unique[k][0]).mean() > 0.5
        ]
        depth.append(max(around) + 1 if around else 0)
    out = np.zeros(shape, bool)
    for level in range(max(depth, default=-1) + 1):
        for (p, m), at in zip(unique, depth):
            if at == level:
                out = out | m if level % 2 == 0 else out & ~m
    return out


def near_line(points, polygons):
    """True for each point whose distance to an edge is at most TIE."""
    near = np.zeros(len(points), bool)
    for p in polygons:
        for a, b in zip(p, np.roll(p, -1, axis=0)):
            along = b - a
            length = along @ along
            t = np.clip((points - a) @ along / length, 0, 1) if length > 0 else np.zeros(len(points))
            near |= np.linalg.norm(points - a - t[:, None] * along, axis=1) <= TIE
    return near


def rtstruct(request):
    d = pydicom.dcmread(request["path"], force=True)
    size, spacing = request["size"], np.array(request["spacing"])
    matrix = np.linalg.inv(np.array(request["direction"]).reshape(3, 3) * spacing)
    contours = {int(r.ReferencedROINumber): r.get("ContourSequence", []) for r in d.ROIContourSequence}
    answer = {}
    for structure in request["structures"]:
        ours = np.zeros(size[::-1], np.uint8)
        (i0, j0, k0), (i1, j1, k1) = structure["box"]
        if i1 > i0:
            part = np.fromfile(structure["file"], np.uint8).reshape(k1 - k0, j1 - j0, i1 - i0)
            ours[k0:k1, j0:j1, i0:i1] = part
        planes = {}
        for c in contours[structure["number"]]:
            kind = c.ContourGeometricType
            points = np.array([float(x) for x in c.ContourData]).reshape(-1, 3)
            closes = len(points) > 3 and np.linalg.norm(points[0] - points[-1]) < 1e-3
            if len(points) < 3 or not (kind.startswith("CLOSED") or (kind == "OPEN_PLANAR" and closes)):
                continue
            voxels = (points - np.array(request["origin"])) @ matrix.T
            flat = [a for a in (2, 1, 0) if np.ptp(voxels[:, a]) < FLAT]
            if not flat:
                continue
            at = voxels[:, flat[0]].mean()
            if abs(at - round(at)) <= max(0.02, 0.05 / spacing[flat[0]]) and 0 <= round(at) < size[flat[0]]:
                rest = [a for a in (0, 1, 2) if a != flat[0]]
                planes.setdefault((flat[0], round(at)), []).append((at, kind == "CLOSEDPLANAR_XOR", voxels[:, rest[::-1]]))
        checked = different = voxels = 0
        for (normal, slice_), found in planes.items():
            if max(at for at, _, _ in found) - min(at for at, _, _ in found) > 0.02:
                continue  # two planes on one slice: which of them counts is no matter of rasters
            plane = np.take(ours, slice_, axis=2 - normal)
            expected = nested([p for _, xor, p in found if not xor], plane.shape)
            odd = np.zeros(plane.shape, bool)
            for _, xor, p in found:
                if xor:
                    odd ^= polygon2mask(plane.shape, p)
            expected |= odd
            off = np.argwhere(expected != (plane > 0))
            ties = near_line(off.astype(float), [p for _, _, p in found])
            checked += 1
            voxels += int(expected.sum())
            different += int((~ties).sum())
        answer[str(structure["number"])] = {"slices": checked, "voxels": voxels, "different": different}
    return answer


for line in sys.stdin:
    request = json.loads(line)
    try:
        result = {"answer": (seg if request["kind"] == "seg" else rtstruct)(request)}
    except Exception as error:  # a file that pydicom cannot read is an answer too
        result = {"error": f"{type(error).__name__}: {error}"}
    print(json.dumps(result), flush=True)
