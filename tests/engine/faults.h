#pragma once

// Layers of an engine that fail when they run, and a small model with a layer of each kind.

#include <memory>
#include <openvino/core/model.hpp>
#include <string>

#include "posittune/engine/engine.h"
#include "posittune/engine/operation.h"

namespace posittune::test {

enum class Fault {
  kError,   // Operation::run() returns an error of kind kUnsupported
  kMemory,  // it throws std::bad_alloc
  kThrow,   // it throws std::runtime_error
};

// As long as this lives, the layer fails from its run number `from` on (0: the next one), and
// leaves its output as it is.
class Faulty {
 public:
  Faulty(engine::Engine& engine, std::size_t layer, Fault fault, std::size_t from = 0);
  ~Faulty();
  Faulty(const Faulty&) = delete;
  Faulty& operator=(const Faulty&) = delete;

 private:
  engine::Engine* engine_;
  std::size_t layer_;
};
ErrorKind kind_of(Fault fault);

// y (items, 2, 4, 4) of indices "ids" (items, 4) of a table of 9 rows. Layers: "table", "product",
// "attention", "convolution", "depthwise", "grouped", "grouped_transposed", "transposed".
std::shared_ptr<ov::Model> model_of_all_kinds();

}  // namespace posittune::test
