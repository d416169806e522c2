#pragma once

// Options that every command with a model and data has.

#include "posittune/cli/run_input_options.h"
#include "posittune/session/spec.h"

namespace CLI {
class App;
}

namespace posittune::cli {

struct ModelDataOptions {
  session::ModelSpec model;  // without constants and axes
  session::DataSpec data;
  RunInputOptions run_inputs{};
  int threads = 0;
};

void declare_model_data(CLI::App& app, ModelDataOptions& options);

}  // namespace posittune::cli
