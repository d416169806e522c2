#pragma once

// Run input options: --constant NAME=VALUE, --batch-axis NAME=AXIS and --shape NAME=D0,D1,..., what
// the user says of a model's inputs and outputs beside its file.

#include <map>
#include <string>
#include <vector>

#include "posittune/base/result.h"
#include "posittune/base/tensor.h"
#include "posittune/session/spec.h"

namespace CLI {
class App;
}

namespace posittune::cli {

struct RunInputOptions {
  std::vector<std::string> constants, batch_axes;  // "NAME=VALUE", "NAME=AXIS"
  bool given() const { return !constants.empty() || !batch_axes.empty(); }
};

// Declares the first two. `group`: of the help page; empty: with the other options.
void declare_run_inputs(CLI::App& app, RunInputOptions& options, const std::string& group = {});

// Adds them to the spec. kUsage: text of another form, a name twice.
Status add_run_inputs(const RunInputOptions& options, session::ModelSpec& spec);

// Declares --shape, shapes of inputs, for commands that count.
void declare_shapes(CLI::App& app, std::vector<std::string>& texts);
// Parses shapes, by input name. kUsage for text of another form, and for a name twice.
Result<std::map<std::string, TensorShape>> parse_shapes(const std::vector<std::string>& texts);

}  // namespace posittune::cli
