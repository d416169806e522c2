#pragma once

// Where the project's own files are, for what comes with it: models, hardware.

#include <filesystem>
#include <optional>

namespace posittune::cli {

// The current folder, as ".", or a folder above the executable: the first that holds `file`.
std::optional<std::filesystem::path> project_folder(const std::filesystem::path& file);

}  // namespace posittune::cli
