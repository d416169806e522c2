#pragma once

// --shape NAME=D0,D1,...: shapes of a model's inputs, for commands that count.

#include <map>
#include <string>
#include <vector>

#include "posittune/base/result.h"
#include "posittune/base/tensor.h"

namespace CLI {
class App;
}

namespace posittune::cli {

void declare_shapes(CLI::App& app, std::vector<std::string>& texts);

// By input name. kUsage for text of another form.
Result<std::map<std::string, TensorShape>> parse_shapes(const std::vector<std::string>& texts);

}  // namespace posittune::cli
