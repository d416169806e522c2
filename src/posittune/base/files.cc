#include "posittune/base/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace posittune {
namespace {

Error system_error(ErrorKind kind, const std::string& what, const std::string& path) {
  return {.kind = kind, .what = what, .where = path, .found = std::strerror(errno)};
}

// A full disk is a matter of resources, a missing folder one of the arguments.
ErrorKind write_kind() {
  return errno == ENOSPC || errno == EDQUOT || errno == EFBIG ? ErrorKind::kResource
                                                              : ErrorKind::kInput;
}

}  // namespace

InputFile::InputFile(std::string path, int fd, std::uint64_t size)
    : path_(std::move(path)), fd_(fd), size_(size) {}
InputFile::InputFile(InputFile&& other) noexcept
    : path_(std::move(other.path_)), fd_(std::exchange(other.fd_, -1)), size_(other.size_) {}
InputFile::~InputFile() {
  if (fd_ >= 0) ::close(fd_);
}

Result<InputFile> InputFile::open(const std::string& path) {
  // Non-blocking, so that a named pipe does not hang us; regular files ignore it.
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return system_error(ErrorKind::kInput, "cannot open file", path);
  struct stat status{};
  if (::fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) {
    ::close(fd);
    return Error{.kind = ErrorKind::kInput, .what = "not a regular file", .where = path};
  }
  return InputFile(path, fd, static_cast<std::uint64_t>(status.st_size));
}

Status InputFile::read_at(std::uint64_t offset, std::span<std::byte> out) const {
  std::size_t done = 0;
  while (done < out.size()) {
    const ssize_t got =
        ::pread(fd_, out.data() + done, out.size() - done, static_cast<off_t>(offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return system_error(ErrorKind::kInput, "cannot read file", path_);
    if (got == 0) {
      return Error{.kind = ErrorKind::kInput,
                   .what = "file ends too early",
                   .where = path_,
                   .expected = std::to_string(offset + out.size()) + " bytes",
                   .found = std::to_string(offset + done) + " bytes"};
    }
    done += static_cast<std::size_t>(got);
  }
  return success();
}

AtomicFile::AtomicFile(std::string path, std::string temporary, int fd)
    : path_(std::move(path)), temporary_(std::move(temporary)), fd_(fd) {}
AtomicFile::AtomicFile(AtomicFile&& other) noexcept
    : path_(std::move(other.path_)),
      temporary_(std::exchange(other.temporary_, {})),
      fd_(std::exchange(other.fd_, -1)) {}
AtomicFile::~AtomicFile() {
  if (fd_ >= 0) ::close(fd_);
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

Result<AtomicFile> AtomicFile::create(const std::string& path) {
  struct stat status{};
  if (::stat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode)) {
    return Error{.kind = ErrorKind::kInput,
                 .what = "output exists and is not a regular file",
                 .where = path};
  }
  std::string temporary = path + ".tmp-XXXXXX";
  const int fd = ::mkostemp(temporary.data(), O_CLOEXEC);
  if (fd < 0) return system_error(write_kind(), "cannot create file", path);
  // mkstemp makes files private; give the mode that open(path, 0666) would.
  const mode_t mask = ::umask(0);
  ::umask(mask);
  ::fchmod(fd, 0666 & ~mask);
  return AtomicFile(path, temporary, fd);
}

Status AtomicFile::write(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t put = ::write(fd_, bytes.data(), bytes.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return system_error(write_kind(), "cannot write file", path_);
    bytes = bytes.subspan(static_cast<std::size_t>(put));
  }
  return success();
}

Status AtomicFile::write(const std::string& text) {
  return write(std::as_bytes(std::span(text.data(), text.size())));
}

Status AtomicFile::sync() {
  if (::fsync(fd_) != 0) return system_error(write_kind(), "cannot write file", path_);
  return success();
}

Status AtomicFile::commit() {
  if (Status s = sync(); !s) return s;
  if (::rename(temporary_.c_str(), path_.c_str()) != 0) {
    return system_error(write_kind(), "cannot create file", path_);
  }
  temporary_.clear();
  return success();
}

Result<std::string> read_file(const std::string& path) {
  constexpr std::uint64_t kMost = std::uint64_t{64} << 20;
  const auto file = InputFile::open(path);
  if (!file) return file.error();
  if (file->size() > kMost) {
    return Error{.kind = ErrorKind::kInput,
                 .what = "the file is too long",
                 .where = path,
                 .expected = "at most 64 MiB",
                 .found = std::to_string(file->size()) + " bytes"};
  }
  std::string text(file->size(), '\0');
  if (const Status ok = file->read_at(0, std::as_writable_bytes(std::span(text))); !ok)
    return ok.error();
  return text;
}

Status write_file(const std::string& path, const std::string& text) {
  auto file = AtomicFile::create(path);
  if (!file) return file.error();
  if (Status written = file->write(text); !written) return written;
  return file->commit();
}

}  // namespace posittune
