#include "posittune/session/project_folder.h"

#include <dlfcn.h>

namespace posittune::session {

namespace fs = std::filesystem;

namespace {

// The shared library that this code is in, as in the extension of a Python package; empty for a
// program.
fs::path own_library() {
  Dl_info info{};
  if (dladdr(reinterpret_cast<const void*>(&own_library), &info) == 0 || info.dli_fname == nullptr)
    return {};
  std::error_code ignored;
  return fs::canonical(info.dli_fname, ignored);
}

}  // namespace

std::optional<fs::path> project_folder(const fs::path& file) {
  std::error_code ignored;
  const auto holds = [&](const fs::path& folder) {
    return fs::is_regular_file(folder / file, ignored);
  };
  if (holds(fs::current_path(ignored))) return fs::path(".");
  for (const fs::path& own : {own_library(), fs::read_symlink("/proc/self/exe", ignored)}) {
    fs::path folder = own.parent_path();
    for (int up = 0; up < 5 && !folder.empty(); ++up, folder = folder.parent_path()) {
      if (holds(folder)) return folder;
      const fs::path installed = folder / "share" / "posittune";  // as an installation puts it
      if (holds(installed)) return installed;
    }
  }
  return std::nullopt;
}

}  // namespace posittune::session
