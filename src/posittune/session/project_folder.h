#pragma once

// Project folder: where the files are that come with the project, such as models and hardware.

#include <filesystem>
#include <optional>

namespace posittune::session {

// The project folder: the first folder that holds `file`, of the current one (as "."), and of the
// folders above the executable (in an extension: above its shared library) with their
// share/posittune.
std::optional<std::filesystem::path> project_folder(const std::filesystem::path& file);

}  // namespace posittune::session
