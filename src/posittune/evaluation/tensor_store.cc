#include "posittune/evaluation/tensor_store.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>

namespace posittune::evaluation {
namespace {

Error disk_error(const std::string& folder) {
  return {.kind = ErrorKind::kResource,
          .what = "cannot keep FP32's outputs on disk",
          .where = folder,
          .found = std::strerror(errno),
          .hint = "set TMPDIR to a folder with more space, or use fewer items (`limit`)"};
}

template <class Call>
bool transfer(std::byte* data, std::size_t bytes, std::uint64_t offset, Call call) {
  while (bytes > 0) {
    const ssize_t done = call(data, bytes, static_cast<off_t>(offset));
    if (done < 0 && errno == EINTR) continue;
    if (done <= 0) return false;
    data += done;
    bytes -= static_cast<std::size_t>(done);
    offset += static_cast<std::uint64_t>(done);
  }
  return true;
}

}  // namespace

TensorStore::TensorStore(std::size_t memory_limit, std::string folder)
    : memory_limit_(memory_limit), folder_(std::move(folder)) {
  const char* temporary = std::getenv("TMPDIR");
  if (folder_.empty()) folder_ = temporary != nullptr && *temporary != '\0' ? temporary : "/tmp";
}

TensorStore::TensorStore(TensorStore&& other) noexcept
    : memory_limit_(other.memory_limit_),
      memory_(other.memory_),
      folder_(std::move(other.folder_)),
      fd_(std::exchange(other.fd_, -1)),
      end_(other.end_),
      entries_(std::move(other.entries_)) {}

TensorStore::~TensorStore() {
  if (fd_ >= 0) ::close(fd_);
}

Status TensorStore::open_file() {
  if (fd_ >= 0) return success();
  std::string name = folder_ + "/posittune-XXXXXX";
  fd_ = ::mkostemp(name.data(), O_CLOEXEC);
  if (fd_ < 0) return disk_error(folder_);
  ::unlink(name.c_str());
  return success();
}

Status TensorStore::append(Tensors tensors) {
  std::size_t bytes = 0;
  for (const auto& [name, tensor] : tensors) bytes += tensor.bytes.size();
  if (memory_ + bytes <= memory_limit_) {
    memory_ += bytes;
    entries_.push_back({std::move(tensors)});
    return success();
  }
  if (const Status opened = open_file(); !opened) return opened.error();
  Entry entry{.tensors = std::move(tensors), .offset = end_, .in_file = true};
  for (auto& [name, tensor] : entry.tensors) {
    const auto write = [this](std::byte* data, std::size_t size, off_t offset) {
      return ::pwrite(fd_, data, size, offset);
    };
    if (!transfer(tensor.bytes.data(), tensor.bytes.size(), end_, write))
      return disk_error(folder_);
    end_ += tensor.bytes.size();
    tensor.bytes = {};
  }
  entries_.push_back(std::move(entry));
  return success();
}

Result<const Tensors*> TensorStore::read(std::size_t index, Tensors& buffer) const {
  const Entry& entry = entries_[index];
  if (!entry.in_file) return &entry.tensors;
  std::erase_if(buffer, [&](const auto& named) { return !entry.tensors.contains(named.first); });
  std::uint64_t offset = entry.offset;
  for (const auto& [name, kept] : entry.tensors) {
    Tensor& tensor = buffer[name];
    tensor.type = kept.type;
    tensor.shape = kept.shape;
    tensor.bytes.resize(tensor.size() * element_bytes(tensor.type));
    const auto read = [this](std::byte* data, std::size_t size, off_t at) {
      return ::pread(fd_, data, size, at);
    };
    if (!transfer(tensor.bytes.data(), tensor.bytes.size(), offset, read))
      return disk_error(folder_);
    offset += tensor.bytes.size();
  }
  return &buffer;
}

}  // namespace posittune::evaluation
