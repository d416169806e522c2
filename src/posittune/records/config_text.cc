#include "posittune/records/config_text.h"

#include <nlohmann/json.hpp>

namespace posittune::records {

std::string quoted(const std::string& text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace posittune::records
