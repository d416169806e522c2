#pragma once

// Model and data options, of every command that has both.

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

// Declares the data, the layers and the threads.
void declare_data(CLI::App& app, ModelDataOptions& options);
// Declares MODEL too.
void declare_model_data(CLI::App& app, ModelDataOptions& options);

}  // namespace posittune::cli
