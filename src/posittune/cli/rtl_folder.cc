#include "posittune/cli/rtl_folder.h"

#include <cstdlib>
#include <filesystem>

namespace posittune::cli {
namespace {

namespace fs = std::filesystem;

}  // namespace

std::optional<std::string> rtl_folder() {
  std::error_code ignored;
  const auto has_units = [&](const fs::path& folder) { return fs::is_regular_file(folder / "src" / "posit_mac.sv", ignored); };
  const char* given = std::getenv("POSITTUNE_RTL");
  if (given != nullptr && *given != '\0') return has_units(given) ? std::optional(std::string(given)) : std::nullopt;
  if (has_units("rtl")) return "rtl";
  fs::path folder = fs::read_symlink("/proc/self/exe", ignored).parent_path();
  for (int up = 0; up < 4 && !folder.empty(); ++up, folder = folder.parent_path()) {
    if (has_units(folder / "rtl")) return (folder / "rtl").lexically_normal().string();
  }
  return std::nullopt;
}

std::optional<std::string> rtl_costs() {
  const auto folder = rtl_folder();
  if (!folder) return std::nullopt;
  const fs::path table = fs::path(*folder) / "syn" / "costs.csv";
  std::error_code ignored;
  return fs::is_regular_file(table, ignored) ? std::optional(table.string()) : std::nullopt;
}

}  // namespace posittune::cli
