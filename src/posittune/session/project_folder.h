#pragma once

// Project folder: where the files are that come with the project, such as models and hardware.

#include <filesystem>
#include <optional>

namespace posittune::session {

// The first of these that holds `file`: the current folder (as "."), the folders above the
// executable, and share/posittune in those.
std::optional<std::filesystem::path> project_folder(const std::filesystem::path& file);

}  // namespace posittune::session
