"""
Writes a CT series and structure sets as other programs write them, and the voxels that each structure stands for.

python rt_writers.py FOLDER -> one JSON line: {"sets": [{"path", "structures": [{"number", "name", "mask"}], "rasterised"}]}

Two styles:
- rt-utils (its ds_helper.py and image_helper.py): contours as OpenCV finds them, through the centres of border pixels, corners only
  (CHAIN_APPROX_SIMPLE); holes as contours of their own, or a one-pixel pinhole that joins them to the outside; one CLOSED_PLANAR
  contour a region, each with its image. Border following as OpenCV's: its findContours gives the same corners of these masks.
- isolines, as tools on marching squares write them (skimage.measure.find_contours at half): lines between centres, the first point
  again at the end, holes as contours of their own.
"rasterised": voxels where scikit-image's polygons of the contours differ from the mask (0: the contours say what the mask says).
"""
import json
import os
import sys
import warnings

import numpy as np
import pydicom
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, ImplicitVRLittleEndian, RTStructureSetStorage, generate_uid
from skimage.draw import line, polygon
from skimage.filters import gaussian
from skimage.measure import find_contours, label
from skimage.morphology import opening

warnings.filterwarnings("ignore")
COLUMNS, ROWS, SLICES = 48, 40, 7
SPACING = (0.9, 0.75)  # rows (down), columns (across), mm
DISTANCE = 2.5
ACROSS = np.array([0.96, 0.28, 0.0])
DOWN = np.array([-0.28 * 0.8, 0.96 * 0.8, 0.6])
NORMAL = np.cross(ACROSS, DOWN)
ORIGIN = np.array([-31.5, 12.25, -80.0])
AROUND = [(-1, 0), (-1, -1), (0, -1), (1, -1), (1, 0), (1, 1), (0, 1), (-1, 1)]


def series(folder):
    study, uid, frame = generate_uid(), generate_uid(), generate_uid()
    images = []
    os.makedirs(folder)
    for k in range(SLICES):
        meta = FileMetaDataset()
        meta.MediaStorageSOPClassUID = CTImageStorage
        meta.MediaStorageSOPInstanceUID = generate_uid()
        meta.TransferSyntaxUID = ExplicitVRLittleEndian
        d = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
        d.SOPClassUID, d.SOPInstanceUID = CTImageStorage, meta.MediaStorageSOPInstanceUID
        d.StudyInstanceUID, d.SeriesInstanceUID, d.FrameOfReferenceUID = study, uid, frame
        d.Modality, d.PatientName, d.PatientID, d.StudyDate, d.StudyTime = "CT", "Doe^Jane", "7", "20200131", "101112"
        d.StudyID, d.AccessionNumber, d.PatientBirthDate, d.PatientSex = "1", "", "", "O"
        d.SeriesNumber, d.InstanceNumber, d.SliceThickness = 1, k + 1, DISTANCE
        d.ImagePositionPatient = [f"{v:.8g}" for v in ORIGIN + k * DISTANCE * NORMAL]
        d.ImageOrientationPatient = [f"{v:.8g}" for v in [*ACROSS, *DOWN]]
        d.PixelSpacing = list(SPACING)
        d.Rows, d.Columns, d.SamplesPerPixel, d.PhotometricInterpretation = ROWS, COLUMNS, 1, "MONOCHROME2"
        d.BitsAllocated, d.BitsStored, d.HighBit, d.PixelRepresentation = 16, 16, 15, 1
        d.RescaleSlope, d.RescaleIntercept = 1, -1000
        d.PixelData = (np.arange(ROWS * COLUMNS, dtype="<i2") % 997 + k).astype("<i2").tobytes()
        d.save_as(os.path.join(folder, f"{k}.dcm"), enforce_file_format=True)
        images.append(d)
    return images


def trace(mask, start, back):
    """
    The border that a pixel lies on, through pixels' centres, x, y; corners only (Moore neighbours, clockwise).
    back: where the start's neighbour outside lies, an index of AROUND
    """
    padded = np.pad(mask, 1)
    here, points, first = start, [], None
    while True:
        for turn in range(8):
            way = (back + turn) % 8
            beside = (here[0] + AROUND[way][0], here[1] + AROUND[way][1])
            if padded[beside[1] + 1, beside[0] + 1]:
                break
        else:
            return [start]
        if here == start and first == way:
            break
        first = way if first is None else first
        points.append((here, way))
        # The search goes on from the pixel that was looked at before.
        here, back = beside, (way + 5 if way % 2 else way + 6) % 8
    return [point for n, (point, way) in enumerate(points) if points[n - 1][1] != way]


def holes(mask):
    """Each hole's first pixel, x, y: background that does not reach the edge, joined by sides."""
    background = label(np.pad(~mask, 1, constant_values=True), connectivity=1)
    for n in range(1, background.max() + 1):
        if n != background[0, 0]:
            y, x = np.argwhere(background == n)[0] - 1
            yield int(x), int(y)


def as_opencv(mask):
    parts = label(mask, connectivity=2)
    firsts = [np.argwhere(parts == n)[0] for n in range(1, parts.max() + 1)]
    outer = [trace(mask, (int(x), int(y)), 0) for y, x in firsts]
    return outer + [trace(mask, (x - 1, y), 4) for x, y in holes(mask)]


def as_isolines(mask):
    return [[(x - 1, y - 1) for y, x in found] for found in find_contours(np.pad(mask, 1).astype(float), 0.5)]


def rasterised(contours, closed_border):
    out = np.zeros((ROWS, COLUMNS), bool)
    border = np.zeros_like(out)
    for points in contours:
        x, y = np.array(points).T
        inside = np.zeros_like(out)
        inside[polygon(y, x, out.shape)] = True
        out ^= inside
        if closed_border:
            for (x0, y0), (x1, y1) in zip(points, points[1:] + points[:1]):
                border[line(y0, x0, y1, x1)] = True
    return out | border


def pinhole(mask):
    """As rt-utils joins holes to the outside: a row of pixels from each hole to the right is left out."""
    mask = mask.copy()
    for x, y in list(holes(mask)):
        mask[y, x:] = False
    return mask


def masks():
    rng = np.random.default_rng(5)
    y, x = np.mgrid[:ROWS, :COLUMNS]
    blobs, rings, thin = (np.zeros((SLICES, ROWS, COLUMNS), bool) for _ in range(3))
    square = np.ones((3, 3), bool)
    for k in range(SLICES):
        blobs[k] = opening(gaussian(rng.standard_normal((ROWS, COLUMNS)), 3) > 0.02, square)
        if 0 < k < SLICES - 1:
            r = np.hypot(x - 20 - k, y - 19)
            rings[k] = ((r < 14) & (r > 5 + k / 2)) | (r < 2.5)
            thin[k, 5, 4:20] = thin[k, 5:15, 19] = True
    return {"blobs": blobs, "rings": rings, "thin": thin, "pinholes": np.stack([pinhole(m) for m in rings])}


def structure_set(path, images, contours, generated):
    first = images[0]
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = RTStructureSetStorage
    meta.MediaStorageSOPInstanceUID = generate_uid()
    meta.TransferSyntaxUID = ImplicitVRLittleEndian
    d = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    d.SOPClassUID, d.SOPInstanceUID, d.Modality = RTStructureSetStorage, meta.MediaStorageSOPInstanceUID, "RTSTRUCT"
    for name in ("StudyInstanceUID", "PatientName", "PatientID", "StudyDate", "StudyTime", "StudyID", "FrameOfReferenceUID"):
        setattr(d, name, getattr(first, name))
    d.SeriesInstanceUID, d.StructureSetLabel = generate_uid(), "RTstruct"
    images_of = []
    for image in images:
        reference = Dataset()
        reference.ReferencedSOPClassUID, reference.ReferencedSOPInstanceUID = image.SOPClassUID, image.SOPInstanceUID
        images_of.append(reference)
    of_series, of_study, of_frame = Dataset(), Dataset(), Dataset()
    of_series.SeriesInstanceUID, of_series.ContourImageSequence = first.SeriesInstanceUID, Sequence(images_of)
    of_study.ReferencedSOPClassUID, of_study.ReferencedSOPInstanceUID = "1.2.840.10008.3.1.2.3.1", first.StudyInstanceUID
    of_study.RTReferencedSeriesSequence = Sequence([of_series])
    of_frame.FrameOfReferenceUID, of_frame.RTReferencedStudySequence = first.FrameOfReferenceUID, Sequence([of_study])
    d.ReferencedFrameOfReferenceSequence = Sequence([of_frame])
    d.StructureSetROISequence, d.ROIContourSequence, d.RTROIObservationsSequence = Sequence(), Sequence(), Sequence()
    for number, (name, slices) in enumerate(contours.items(), 1):
        roi, drawn, seen = Dataset(), Dataset(), Dataset()
        roi.ROINumber, roi.ReferencedFrameOfReferenceUID, roi.ROIName = number, first.FrameOfReferenceUID, name
        roi.ROIDescription, roi.ROIGenerationAlgorithm = "", generated
        drawn.ROIDisplayColor, drawn.ReferencedROINumber = [255, 0, number], str(number)
        drawn.ContourSequence = Sequence()
        for k, lines in enumerate(slices):
            for points in lines:
                one, image = Dataset(), Dataset()
                image.ReferencedSOPClassUID = images[k].SOPClassUID
                image.ReferencedSOPInstanceUID = images[k].SOPInstanceUID
                one.ContourImageSequence, one.ContourGeometricType = Sequence([image]), "CLOSED_PLANAR"
                origin = ORIGIN + k * DISTANCE * NORMAL
                world = [origin + px * SPACING[1] * ACROSS + py * SPACING[0] * DOWN for px, py in points]
                one.NumberOfContourPoints = len(world)
                one.ContourData = [f"{v:.7g}" for point in world for v in point]
                drawn.ContourSequence.append(one)
        seen.ObservationNumber, seen.ReferencedROINumber, seen.RTROIInterpretedType, seen.ROIInterpreter = number, number, "", ""
        d.StructureSetROISequence.append(roi)
        d.ROIContourSequence.append(drawn)
        d.RTROIObservationsSequence.append(seen)
    d.save_as(path, enforce_file_format=True)


def main():
    folder = sys.argv[1]
    images = series(os.path.join(folder, "series"))
    sets = []
    for style, find, closed in (("rt-utils", as_opencv, True), ("isolines", as_isolines, False)):
        drawn, structures, off = {}, [], 0
        for number, (name, mask) in enumerate(masks().items(), 1):
            drawn[name] = [find(m) for m in mask]
            off += int(sum((rasterised(lines, closed) != m).sum() for lines, m in zip(drawn[name], mask)))
            file = os.path.join(folder, f"{style}.{number}.raw")
            mask.astype(np.uint8).tofile(file)
            structures.append({"number": number, "name": name, "mask": file})
        path = os.path.join(folder, f"{style}.dcm")
        structure_set(path, images, drawn, "MANUAL" if style == "rt-utils" else "SEMIAUTOMATIC")
        sets.append({"path": path, "structures": structures, "rasterised": off})
    print(json.dumps({"sets": sets}))


if __name__ == "__main__":
    main()
