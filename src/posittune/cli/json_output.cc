#include "posittune/cli/json_output.h"

#include <fmt/ostream.h>

#include <nlohmann/json.hpp>

namespace posittune::cli {

void print_json(const nlohmann::ordered_json& document, std::ostream& out) {
  fmt::print(out, "{}\n",
             document.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
}

}  // namespace posittune::cli
