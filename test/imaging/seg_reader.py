"""
Reads a segmentation the way highdicom does (its Segmentation.from_dataset and get_pixels_by_source_instance), with pydicom alone: every
attribute that highdicom needs must be there, and each source image gets the voxels of each segment. Where highdicom itself is
installed it reads the file, too.

python seg_reader.py FILE OUT SERIES_UID SOP_UID... -> writes one byte a voxel (segment number, 0 none) in the order of SOP_UIDs to OUT,
prints {"wrong": [...], "segments": [...], "highdicom": true|false}
"""
import json
import sys
import warnings

import numpy as np
import pydicom

warnings.filterwarnings("ignore")
BINARY = "1.2.840.10008.5.1.4.1.1.66.4"
LABEL_MAP = "1.2.840.10008.5.1.4.1.1.66.7"
path, out, series_uid, *sops = sys.argv[1:]
d = pydicom.dcmread(path)
wrong = []


def need(holds, what):
    if not holds:
        wrong.append(what)


def code(sequence, what):
    need(len(sequence) == 1, f"{what}: one item")
    for name in ("CodeValue", "CodingSchemeDesignator", "CodeMeaning"):
        need(getattr(sequence[0], name, "") != "", f"{what}: {name}")


label_map = d.SOPClassUID == LABEL_MAP
need(d.SOPClassUID in (BINARY, LABEL_MAP), "SOP class")
need(d.Modality == "SEG" and d.SegmentationType == ("LABELMAP" if label_map else "BINARY"), "SegmentationType")
# Enhanced General Equipment, Multi-frame Functional Groups, Segmentation Image: type 1, or 2 and there.
for name in ("Manufacturer", "ManufacturerModelName", "DeviceSerialNumber", "SoftwareVersions", "InstanceNumber", "ContentLabel", "SeriesNumber", "ContentDate", "ContentTime", "FrameOfReferenceUID", "LossyImageCompression", "ImageType"):
    need(str(getattr(d, name, "")) != "", name)
for name in ("ContentDescription", "ContentCreatorName", "PositionReferenceIndicator"):
    need(name in d, name)
need(d.SamplesPerPixel == 1 and d.PhotometricInterpretation == "MONOCHROME2" and d.PixelRepresentation == 0, "pixel module")
need(d.BitsAllocated == (d.BitsStored if label_map else 1) and d.HighBit == d.BitsStored - 1, "bits")
if label_map:
    need("PixelPaddingValue" in d and d.PixelPaddingValue == 0, "PixelPaddingValue 0 of a label map")
need(d.SegmentationType != "FRACTIONAL" or ("SegmentationFractionalType" in d and "MaximumFractionalValue" in d), "fractional")
need("SegmentationFractionalType" not in d or d.SegmentationType == "FRACTIONAL", "no fractional type of one that is not")

numbers = [int(s.SegmentNumber) for s in d.SegmentSequence]
need(numbers == list(range(1, len(numbers) + 1)) or (label_map and numbers == sorted(set(numbers))), f"segment numbers {numbers}")
for s in d.SegmentSequence:
    need(s.SegmentLabel != "" and s.SegmentAlgorithmType in ("MANUAL", "SEMIAUTOMATIC", "AUTOMATIC"), "label and algorithm type")
    code(s.SegmentedPropertyCategoryCodeSequence, "category")
    code(s.SegmentedPropertyTypeCodeSequence, "type")
    if s.SegmentAlgorithmType != "MANUAL":
        need(getattr(s, "SegmentAlgorithmName", "") != "", "SegmentAlgorithmName")
        made = s.SegmentationAlgorithmIdentificationSequence
        need(len(made) == 1 and made[0].AlgorithmName != "" and made[0].AlgorithmVersion != "", "AlgorithmIdentification")
        code(made[0].AlgorithmFamilyCodeSequence, "AlgorithmFamily")

need(d.ReferencedSeriesSequence[0].SeriesInstanceUID == series_uid, "ReferencedSeries")
referenced = {i.ReferencedSOPInstanceUID for s in d.ReferencedSeriesSequence for i in s.ReferencedInstanceSequence}
need(referenced == set(sops), "ReferencedInstanceSequence")

organisation = d.DimensionOrganizationSequence[0].DimensionOrganizationUID
pointers = []
for index in d.DimensionIndexSequence:
    need(index.DimensionOrganizationUID == organisation, "DimensionOrganizationUID")
    pointers.append((index.DimensionIndexPointer, index.FunctionalGroupPointer))
shared = d.SharedFunctionalGroupsSequence[0]
measures = shared.PixelMeasuresSequence[0]
need(len(measures.PixelSpacing) == 2 and float(measures.SliceThickness) > 0, "PixelMeasures")
need(len(shared.PlaneOrientationSequence[0].ImageOrientationPatient) == 6, "PlaneOrientation")
frames = d.PerFrameFunctionalGroupsSequence
need(int(d.NumberOfFrames) == len(frames), "NumberOfFrames")
pixels = d.pixel_array.reshape(len(frames), d.Rows, d.Columns)
stack = np.zeros((len(sops), d.Rows, d.Columns), np.uint8)
places, positions = set(), {}
for n, frame in enumerate(frames):
    values = tuple(int(v) for v in np.atleast_1d(frame.FrameContentSequence[0].DimensionIndexValues))
    need(len(values) == len(pointers), "DimensionIndexValues, one a dimension")
    need(values not in places, "DimensionIndexValues are unique")
    places.add(values)
    need(len(frame.PlanePositionSequence[0].ImagePositionPatient) == 3, "PlanePosition")
    for (pointer, group), value in zip(pointers, values):
        if pointer == pydicom.tag.Tag("ImagePositionPatient"):
            position = tuple(float(v) for v in frame.PlanePositionSequence[0].ImagePositionPatient)
            need(positions.setdefault(value, position) == position, "one position an index value")
        if pointer == pydicom.tag.Tag("ReferencedSegmentNumber"):
            need(value == int(frame.SegmentIdentificationSequence[0].ReferencedSegmentNumber), "segment by its index")
    need(label_map != ("SegmentIdentificationSequence" in frame), "SegmentIdentification, but of label maps")
    [derivation] = frame.DerivationImageSequence
    code(derivation.DerivationCodeSequence, "derivation")
    [source] = derivation.SourceImageSequence
    code(source.PurposeOfReferenceCodeSequence, "purpose of reference")
    need(getattr(source, "SpatialLocationsPreserved", "YES") == "YES", "SpatialLocationsPreserved")
    at = sops.index(source.ReferencedSOPInstanceUID)
    if label_map:
        stack[at] = pixels[n]
    else:
        stack[at][pixels[n] > 0] = int(frame.SegmentIdentificationSequence[0].ReferencedSegmentNumber)
order = [positions[k] for k in sorted(positions)]
if len(order) > 2:
    along = np.array(order[1]) - np.array(order[0])
    need(all(np.dot(np.array(b) - np.array(a), along) > 0 for a, b in zip(order, order[1:])), "positions rise with their index")

try:
    import highdicom

    read = highdicom.seg.segread(path)
    theirs = read.get_pixels_by_source_instance(sops, combine_segments=True, assert_missing_frames_are_empty=True)
    need(bool((np.asarray(theirs) == stack).all()), "highdicom reads other voxels")
    there = True
except ImportError:
    there = False
stack.tofile(out)
print(json.dumps({"wrong": sorted(set(wrong)), "segments": [s.SegmentLabel for s in d.SegmentSequence], "highdicom": there}))
