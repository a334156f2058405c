"""
Writes NIfTI files of every type that the page of formats lists, with nibabel: python nibabel_files.py FOLDER -> JSON list of
{"path", "values"}, values in the file's voxel order.
"""
import json
import os
import sys

import nibabel as nib
import numpy as np

folder = sys.argv[1]
out = []
TYPES = ["i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "f4", "f8"]
KINDS = [("nii", nib.Nifti1Image), ("nii.gz", nib.Nifti1Image), ("hdr", nib.Nifti1Pair), ("2.nii", nib.Nifti2Image)]
affine = np.array([[0.7, 0, 0, -10], [0, 0.8, 0, 20], [0, 0, 2.5, -30], [0, 0, 0, 1]])
for kind in TYPES:
    for order in "<>":
        dtype = np.dtype(order + kind)
        if dtype.kind == "f":
            values = np.arange(60) * 0.25 - 3
        else:
            info = np.iinfo(dtype)
            # 64-bit ones as far as a double is exact.
            low, high = max(info.min, 1 - 2**53), min(info.max, 2**53 - 1)
            values = np.array([low, high, *range(58)], dtype=object)
        data = np.array([v for v in values], dtype=dtype).reshape((5, 4, 3), order="F")
        for ending, image_class in KINDS:
            name = f"{kind}{'le' if order == '<' else 'be'}.{ending}"
            image = image_class(data, affine, image_class.header_class(endianness=order))
            image.header.set_data_dtype(dtype)
            path = os.path.join(folder, name)
            nib.save(image, path)
            again = nib.load(path)
            assert again.header.endianness == order and again.get_data_dtype() == dtype, name
            stored = np.asarray(again.dataobj).reshape(-1, order="F")
            out.append({"path": path, "values": [float(v) for v in stored]})
print(json.dumps(out))
