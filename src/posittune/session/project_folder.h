#pragma once

// Project folder: where the files are that come with the project, such as models and hardware.

#include <filesystem>
#include <optional>

namespace posittune::session {

// The current folder, as ".", a folder above the executable (or, in an extension, above its shared
// library), or share/posittune in one: the first
// that holds `file`.
std::optional<std::filesystem::path> project_folder(const std::filesystem::path& file);

}  // namespace posittune::session
