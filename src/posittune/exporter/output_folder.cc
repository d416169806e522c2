#include "posittune/exporter/output_folder.h"

#include <unistd.h>

#include <filesystem>
#include <system_error>
#include <utility>

namespace posittune::exporter {
namespace {

namespace fs = std::filesystem;

Error cannot(const std::string& path, const std::error_code& error) {
  const bool full = error == std::errc::no_space_on_device;
  return {.kind = full ? ErrorKind::kResource : ErrorKind::kInput,
          .what = "a folder cannot be written",
          .where = path,
          .found = error.message()};
}

}  // namespace

OutputFolder::OutputFolder(std::string path, std::string temporary)
    : path_(std::move(path)), temporary_(std::move(temporary)) {}

OutputFolder::OutputFolder(OutputFolder&& other) noexcept
    : path_(std::move(other.path_)), temporary_(std::exchange(other.temporary_, "")) {}

OutputFolder::~OutputFolder() {
  std::error_code ignored;
  if (!temporary_.empty()) fs::remove_all(temporary_, ignored);
}

Result<OutputFolder> OutputFolder::create(const std::string& path) {
  fs::path wanted = fs::path(path).lexically_normal();
  if (!wanted.has_filename()) wanted = wanted.parent_path();
  std::error_code error;
  if (fs::exists(wanted, error)) {
    return Error{.kind = ErrorKind::kUsage,
                 .what = "the folder exists",
                 .where = path,
                 .expected = "a name that is not taken"};
  }
  const std::string temporary = wanted.string() + ".unfinished-" + std::to_string(::getpid());
  fs::remove_all(temporary, error);
  fs::create_directories(temporary, error);
  if (error) return cannot(path, error);
  return OutputFolder(wanted.string(), temporary);
}

std::string OutputFolder::file(const std::string& name) const {
  return (fs::path(temporary_) / name).string();
}

Status OutputFolder::copy(const std::string& from, const std::string& name) const {
  std::error_code error;
  fs::copy_file(from, file(name), error);
  return error ? Status(cannot(name, error)) : success();
}

Status OutputFolder::commit() {
  std::error_code error;
  fs::rename(temporary_, path_, error);
  if (error) return cannot(path_, error);
  temporary_.clear();
  return success();
}

}  // namespace posittune::exporter
