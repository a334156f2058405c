"""Runs an ONNX model on an image and says how far its probabilities are from those expected, as JSON.

usage: run_onnx.py MODEL IMAGE EXPECTED, both files float32, [batch, channel, depth, height, width]; SHAPE N,C,D,H,W
"""
import json
import sys

import numpy as np
import onnx
import onnxruntime

model, image, expected, shape = sys.argv[1:]
onnx.checker.check_model(onnx.load(model), full_check=True)
session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
sides = [int(side) for side in shape.split(",")]
[given] = session.get_inputs()
x = np.fromfile(image, np.float32).reshape(sides)
[y] = session.run(["probabilities"], {given.name: x})
truth = np.fromfile(expected, np.float32).reshape(y.shape)
print(json.dumps({
    "difference": float(np.abs(y - truth).max()),
    "spread": float(truth.max() - truth.min()),
    "input": [given.name, given.shape],
    "metadata": dict(session.get_modelmeta().custom_metadata_map),
}))
