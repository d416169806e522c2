#include "posittune/session/project_folder.h"

namespace posittune::session {

namespace fs = std::filesystem;

std::optional<fs::path> project_folder(const fs::path& file) {
  std::error_code ignored;
  const auto holds = [&](const fs::path& folder) {
    return fs::is_regular_file(folder / file, ignored);
  };
  if (holds(fs::current_path(ignored))) return fs::path(".");
  fs::path folder = fs::read_symlink("/proc/self/exe", ignored).parent_path();
  for (int up = 0; up < 4 && !folder.empty(); ++up, folder = folder.parent_path()) {
    if (holds(folder)) return folder;
    const fs::path installed = folder / "share" / "posittune";  // as an installation puts it
    if (holds(installed)) return installed;
  }
  return std::nullopt;
}

}  // namespace posittune::session
