#include "posittune/session/rtl_folder.h"

#include <cstdlib>
#include <filesystem>

#include "posittune/session/project_folder.h"

namespace posittune::session {

namespace fs = std::filesystem;

std::optional<std::string> rtl_folder() {
  const fs::path unit = fs::path("src") / "posit_mac.sv";  // that any such folder has
  const char* given = std::getenv("POSITTUNE_RTL");
  if (given != nullptr && *given != '\0') {
    std::error_code ignored;
    return fs::is_regular_file(given / unit, ignored) ? std::optional(std::string(given))
                                                      : std::nullopt;
  }
  const auto parent = project_folder("rtl" / unit);
  return parent ? std::optional((*parent / "rtl").lexically_normal().string()) : std::nullopt;
}

std::optional<std::string> rtl_costs() {
  const auto folder = rtl_folder();
  if (!folder) return std::nullopt;
  const fs::path table = fs::path(*folder) / "syn" / "costs.csv";
  std::error_code ignored;
  return fs::is_regular_file(table, ignored) ? std::optional(table.string()) : std::nullopt;
}

}  // namespace posittune::session
