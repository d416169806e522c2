#pragma once

// ONNX files: reading one without its external data, and writing one, whole or not at all.

#include <onnx/onnx_pb.h>

#include <cstddef>
#include <string>
#include <vector>

#include "posittune/base/result.h"

namespace posittune::exporter {

// Types that the headers of older ONNX do not name (TensorProto::DataType of ONNX 1.19).
enum NewerType : int {
  kFloat8E4M3 = 17,
  kFloat8E4M3Fnuz = 18,
  kFloat8E5M2 = 19,
  kFloat8E5M2Fnuz = 20,
  kUint4 = 21,
  kInt4 = 22,
  kFloat4E2M1 = 23,
  kFloat8E8M0 = 24
};

// Reads a model. External data stay where they are; their paths are checked: inside the model's
// folder. kInput where it is no ONNX file, kUnsupported for OpenVINO IR.
Result<onnx::ModelProto> read_onnx(const std::string& path);

// The bytes of a tensor: raw, external (in the folder of the model at `path`) or typed fields,
// little-endian as raw_data has them. kInput where there are fewer than its shape asks for.
Result<std::string> tensor_bytes(const onnx::TensorProto& tensor, const std::string& path);

struct WrittenFiles {
  std::string model;
  std::string data{};  // external data; empty: all is in the model's file
  std::uint64_t bytes = 0;
};

// Writes the model to `path`. Where `source` (the model's path, from which tensors that are still
// external are copied) has external data, or all would be more than protobuf's 2 GB, tensors of
// 1 KiB and more go to `path`.data. Takes raw data out of the model. kResource, kInput.
Result<WrittenFiles> write_onnx(onnx::ModelProto& model, const std::string& source,
                                const std::string& path);

// Bytes of an element of this ONNX type (DataType) in raw data; 0.5 for 4-bit types, 0 for strings
// and unknown types.
double element_bytes(int data_type);

}  // namespace posittune::exporter
