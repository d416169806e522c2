#pragma once

// Output files: outputs of a model as npy files, one for each output: FOLDER/NAME.OUTPUT.npy.

#include <map>
#include <string>

#include "posittune/base/result.h"
#include "posittune/base/tensor.h"
#include "posittune/data/npy.h"
#include "posittune/evaluation/evaluator.h"

namespace posittune::session {

// A file name: `name` with every character but letters, digits, '.', '-' and '_' replaced by '_'.
std::string file_name(const std::string& name);

class OutputFiles {
 public:
  OutputFiles(std::string folder, std::string name, std::size_t items);

  // A function that writes float32 outputs whose first dimension is the batch; others are left out.
  evaluation::Watch watch();
  // Completes the files, which appear now.
  Status commit();

 private:
  Status write(const Tensors& outputs);

  std::string folder_, name_;
  std::size_t items_;
  std::map<std::string, data::NpyWriter> writers_;
};

}  // namespace posittune::session
