#include "posittune/session/config_text.h"

#include <nlohmann/json.hpp>

namespace posittune::session {

std::string quoted(const std::string& text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace posittune::session
