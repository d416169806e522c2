#pragma once

// Options that every command with a model and data has.

#include <string>
#include <vector>

#include "posittune/base/result.h"
#include "posittune/cli/run_input_options.h"
#include "posittune/session/session.h"

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

Result<session::Session> open_session(const ModelDataOptions& options, const std::string& run_folder, const std::vector<std::string>& arguments,
                                      session::Observer& observer);

}  // namespace posittune::cli
