"""Exported models in onnxruntime and in OpenVINO, with float32 products: both may round inputs of int8 and int4 weights for their
fast kernels unless they are told not to (docs/exporting.md)."""

import sys

try:
    import onnxruntime
    import openvino
except ImportError as error:
    print(f"skipped: {error} (scripts/test makes an environment that has it)")
    sys.exit(77)


def in_onnxruntime(path, feed):
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.add_session_config_entry("session.qdq_matmulnbits_accuracy_level", "1")
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    names = [each.name for each in session.get_outputs()]
    return dict(zip(names, session.run(None, {each.name: feed[each.name] for each in session.get_inputs()})))


def in_openvino(path, feed):
    settings = {"INFERENCE_PRECISION_HINT": "f32", "DYNAMIC_QUANTIZATION_GROUP_SIZE": 0}
    compiled = openvino.Core().compile_model(str(path), "CPU", settings)
    results = compiled({each.get_any_name(): feed[each.get_any_name()] for each in compiled.inputs})
    # A tensor may have several names, of which the graph's output is one.
    return {name: results[each] for each in compiled.outputs for name in each.get_names()}


RUNTIMES = {"onnxruntime": in_onnxruntime, "openvino": in_openvino}
