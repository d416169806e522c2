#pragma once

// Runners: models as other runtimes compute them.

#include <memory>
#include <string>
#include <vector>

#include "posittune/base/result.h"
#include "posittune/base/tensor.h"

namespace posittune::session {

// A model in a runtime.
class ModelRunner {
 public:
  virtual ~ModelRunner() = default;
  // Outputs by name. Errors are the runtime's.
  virtual Result<Tensors> run(const Tensors& inputs) = 0;
};

struct RunnerOptions {
  int threads = 0;  // 0: all
  // Products in float32; otherwise the runtime may round inputs to int8 for its fast kernels.
  bool exact = true;
  std::string python = "python3";  // that has onnxruntime
};

// Opens a model in onnxruntime, in a process of Python. kUnsupported: no Python with onnxruntime,
// or a model that it does not run.
Result<std::unique_ptr<ModelRunner>> in_onnxruntime(const std::string& model,
                                                    const RunnerOptions& options);
// Opens a model in the OpenVINO that is built in, always exact.
Result<std::unique_ptr<ModelRunner>> in_openvino(const std::string& model,
                                                 const RunnerOptions& options);

}  // namespace posittune::session
