#pragma once

// A machine: what it can run, and what will be used of it; the result of `posittune doctor`.
//
// As JSON: {"version", "threads", "kernels": name, "forced": bool, "targets": [{"name",
// "supported"}, ...], "products_forced": bool, "products": [{"name", "works", "used", "gflops":
// where it was timed}, ...]}

#include <string>
#include <vector>

namespace posittune::records {

struct MachineTarget {  // an instruction set that array kernels are built for
  std::string name;
  bool supported = false;
};

struct MachinePath {  // a way to multiply quantized operands
  std::string name;
  bool works = false;
  bool used = false;   // true: products use it where it is exact
  bool tried = false;  // false: an environment variable holds it back, though it may work
  double gflops = 0;   // on one thread; 0: not timed
};

struct Machine {
  std::string version;
  int threads = 0;
  std::string kernels;  // the target in use
  bool forced = false;  // set by `kernel_variable`
  std::vector<MachineTarget> targets;
  bool products_forced = false;
  std::vector<MachinePath> products;  // those tried, in order, then the others
  // Names of the environment variables that force them; not in the document.
  std::string kernel_variable, product_variable;
};

// The JSON document; it ends in a newline.
std::string json_text(const Machine& machine);

}  // namespace posittune::records
