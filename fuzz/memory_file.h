#pragma once

// A file in memory, one for all inputs: readers open it by its path.

#include <sys/mman.h>
#include <unistd.h>

#include <string>

#include "fuzz.h"

namespace posittune::fuzz {

class MemoryFile {
 public:
  MemoryFile() : fd_(memfd_create("fuzz", 0)) { require(fd_ >= 0, "memfd_create works"); }
  std::string path() const { return "/proc/self/fd/" + std::to_string(fd_); }
  void fill(const std::uint8_t* data, std::size_t size) const {
    require(ftruncate(fd_, static_cast<off_t>(size)) == 0 &&
                pwrite(fd_, data, size, 0) == static_cast<ssize_t>(size),
            "the temporary file can be written");
  }

 private:
  int fd_;
};

}  // namespace posittune::fuzz
