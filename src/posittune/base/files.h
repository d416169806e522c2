#pragma once

// Files: one that is read by position, and one that appears whole or not at all.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "posittune/base/result.h"

namespace posittune {

class InputFile {
 public:
  static Result<InputFile> open(const std::string& path);
  InputFile(InputFile&& other) noexcept;
  InputFile& operator=(InputFile&&) = delete;
  ~InputFile();

  const std::string& path() const { return path_; }
  std::uint64_t size() const { return size_; }
  // Fills `out` from byte `offset` on. kInput when the file ends before.
  Status read_at(std::uint64_t offset, std::span<std::byte> out) const;

 private:
  InputFile(std::string path, int fd, std::uint64_t size);
  std::string path_;
  int fd_;
  std::uint64_t size_;
};

// A file that appears whole: it is written under a temporary name beside `path`; commit() syncs and
// renames. Without commit() nothing is left behind. An existing file is replaced by a new one: a
// symbolic link does not stay one, and the mode is that of a new file.
class AtomicFile {
 public:
  static Result<AtomicFile> create(const std::string& path);
  AtomicFile(AtomicFile&& other) noexcept;
  AtomicFile& operator=(AtomicFile&&) = delete;
  ~AtomicFile();

  Status write(std::span<const std::byte> bytes);
  Status write(const std::string& text);
  Status sync();    // writes to the disk, still under the temporary name
  Status commit();  // sync and rename

 private:
  AtomicFile(std::string path, std::string temporary, int fd);
  std::string path_, temporary_;
  int fd_;
};

// Reads the whole of a small text file. kInput for a file of more than 64 MiB.
Result<std::string> read_file(const std::string& path);
Status write_file(const std::string& path, const std::string& text);

}  // namespace posittune
