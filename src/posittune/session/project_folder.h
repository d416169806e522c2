#pragma once

// Where the project's own files are, for what comes with it: models, hardware.

#include <filesystem>
#include <optional>

namespace posittune::session {

// The current folder, as ".", a folder above the executable, or share/posittune in one: the first
// that holds `file`.
std::optional<std::filesystem::path> project_folder(const std::filesystem::path& file);

}  // namespace posittune::session
