#pragma once

// A folder that appears whole or not at all.

#include <string>

#include "posittune/base/result.h"

namespace posittune::exporter {

// It is filled under a temporary name beside `path`; commit() renames it. Without commit() nothing
// is left behind.
class OutputFolder {
 public:
  // kUsage where something is at `path`; kInput, kResource where no folder can be made.
  static Result<OutputFolder> create(const std::string& path);
  OutputFolder(OutputFolder&& other) noexcept;
  OutputFolder& operator=(OutputFolder&&) = delete;
  ~OutputFolder();

  std::string file(const std::string& name) const;  // a file's path, while it is filled
  Status copy(const std::string& from, const std::string& name) const;
  Status commit();

 private:
  OutputFolder(std::string path, std::string temporary);
  std::string path_, temporary_;
};

}  // namespace posittune::exporter
