#include "posittune/exporter/onnx_file.h"

#include <fcntl.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <functional>
#include <limits>
#include <optional>
#include <span>

#include "posittune/base/files.h"

namespace posittune::exporter {
namespace {

using onnx::TensorProto;

constexpr std::size_t kSmall = 1024;  // bytes that stay in the model's file
constexpr std::uint64_t kWhole = (std::uint64_t{1} << 31) - (std::uint64_t{64} << 20);
constexpr std::size_t kChunk = std::size_t{4} << 20;  // of a copy
constexpr std::size_t kAlignment = 4096;              // of external data, for mapping

Error bad_model(const std::string& path, const std::string& found) {
  return {.kind = ErrorKind::kInput,
          .what = "cannot read the model as ONNX",
          .where = path,
          .expected = "an ONNX file",
          .found = found};
}

struct Location {
  std::string file;  // beside the model
  std::uint64_t offset = 0;
  std::optional<std::uint64_t> length{};
};

Result<std::uint64_t> number(const std::string& text, const std::string& where) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc{} && end == text.data() + text.size()) return value;
  return bad_model(where, "external data at '" + text.substr(0, 48) + "'");
}

// A location must stay in the model's folder: a file from elsewhere may be anything.
bool leads_out(const std::filesystem::path& file) {
  return file.empty() || file.is_absolute() ||
         std::ranges::any_of(file, [](const auto& part) { return part == ".."; });
}

Result<Location> location(const TensorProto& tensor, const std::string& path) {
  Location at;
  const std::string where = path + ", tensor '" + tensor.name() + "'";
  for (const auto& entry : tensor.external_data()) {
    if (entry.key() == "location") at.file = entry.value();
    if (entry.key() != "offset" && entry.key() != "length") continue;
    auto value = number(entry.value(), where);
    if (!value) return value.error();
    if (entry.key() == "offset") at.offset = *value;
    if (entry.key() == "length") at.length = *value;
  }
  if (leads_out(at.file))
    return bad_model(where, "external data outside its folder: '" + at.file + "'");
  at.file = (std::filesystem::path(path).parent_path() / at.file).string();
  return at;
}

bool is_external(const TensorProto& tensor) {
  return tensor.data_location() == TensorProto::EXTERNAL;
}

// All tensors that a model stores: initializers, values of Constant nodes, also in bodies.
void for_tensors(onnx::GraphProto& graph, const std::function<void(TensorProto&)>& visit) {
  for (TensorProto& tensor : *graph.mutable_initializer()) visit(tensor);
  for (onnx::NodeProto& node : *graph.mutable_node()) {
    for (onnx::AttributeProto& attribute : *node.mutable_attribute()) {
      if (attribute.has_t()) visit(*attribute.mutable_t());
      if (attribute.has_g()) for_tensors(*attribute.mutable_g(), visit);
      for (onnx::GraphProto& body : *attribute.mutable_graphs()) for_tensors(body, visit);
    }
  }
}

Result<std::uint64_t> wanted_bytes(const TensorProto& tensor, const std::string& where) {
  double elements = 1;
  for (const std::int64_t dim : tensor.dims()) {
    if (dim < 0) return bad_model(where, "a dimension of " + std::to_string(dim));
    elements *= static_cast<double>(dim);
  }
  const double bytes = std::ceil(elements * element_bytes(tensor.data_type()));
  if (bytes > 0x1p52) return bad_model(where, "a tensor of " + std::to_string(bytes) + " bytes");
  return static_cast<std::uint64_t>(bytes);
}

template <class T, class Field>
std::string packed_field(const Field& field) {
  std::string bytes(static_cast<std::size_t>(field.size()) * sizeof(T), '\0');
  char* at = bytes.data();
  for (const auto value : field) {
    const T element = static_cast<T>(value);
    std::copy_n(reinterpret_cast<const char*>(&element), sizeof(T), at);
    at += sizeof(T);
  }
  return bytes;
}

std::string field_bytes(const TensorProto& tensor) {
  if (tensor.float_data_size() > 0) return packed_field<float>(tensor.float_data());
  if (tensor.double_data_size() > 0) return packed_field<double>(tensor.double_data());
  if (tensor.int64_data_size() > 0) return packed_field<std::int64_t>(tensor.int64_data());
  if (tensor.uint64_data_size() > 0) return packed_field<std::uint64_t>(tensor.uint64_data());
  const double size = element_bytes(tensor.data_type());
  if (size == 1) return packed_field<std::uint8_t>(tensor.int32_data());
  if (size == 2) return packed_field<std::uint16_t>(tensor.int32_data());
  return packed_field<std::int32_t>(tensor.int32_data());
}

// The external data under way: where each tensor goes, and the file that takes them.
class DataFile {
 public:
  DataFile(AtomicFile file, std::string name) : file_(std::move(file)), name_(std::move(name)) {}

  // `write` writes the tensor's `length` bytes by append().
  Status add(TensorProto& tensor, std::uint64_t length, const std::function<Status()>& write) {
    const std::uint64_t pad = (kAlignment - at_ % kAlignment) % kAlignment;
    if (const Status padded = append(std::string(pad, '\0')); !padded) return padded;
    const std::uint64_t offset = at_;
    if (const Status written = write(); !written) return written;
    tensor.clear_raw_data();
    tensor.clear_external_data();
    tensor.set_data_location(TensorProto::EXTERNAL);
    const auto entry = [&](const char* key, const std::string& value) {
      auto* made = tensor.add_external_data();
      made->set_key(key);
      made->set_value(value);
    };
    entry("location", name_);
    entry("offset", std::to_string(offset));
    entry("length", std::to_string(length));
    return success();
  }

  Status append(const std::string& bytes) { return append(std::as_bytes(std::span(bytes))); }
  Status append(std::span<const std::byte> bytes) {
    at_ += bytes.size();
    return file_.write(bytes);
  }
  AtomicFile& file() { return file_; }
  std::uint64_t size() const { return at_; }

 private:
  AtomicFile file_;
  std::string name_;
  std::uint64_t at_ = 0;
};

Status copy_external(DataFile& data, TensorProto& tensor, const std::string& source) {
  auto from = location(tensor, source);
  if (!from) return from.error();
  auto wanted = wanted_bytes(tensor, source + ", tensor '" + tensor.name() + "'");
  if (!wanted) return wanted.error();
  auto file = InputFile::open(from->file);
  if (!file) return file.error();
  return data.add(tensor, *wanted, [&]() -> Status {
    std::vector<std::byte> chunk(
        static_cast<std::size_t>(std::min<std::uint64_t>(kChunk, *wanted)));
    for (std::uint64_t at = 0; at < *wanted; at += chunk.size()) {
      chunk.resize(static_cast<std::size_t>(std::min<std::uint64_t>(kChunk, *wanted - at)));
      if (const Status read = file->read_at(from->offset + at, chunk); !read) return read;
      if (const Status written = data.append(chunk); !written) return written;
    }
    return success();
  });
}

Status move_to(DataFile& data, onnx::ModelProto& model, const std::string& source) {
  Status moved = success();
  for_tensors(*model.mutable_graph(), [&](TensorProto& tensor) {
    if (!moved) return;
    if (is_external(tensor)) {
      moved = copy_external(data, tensor, source);
    } else if (tensor.raw_data().size() >= kSmall) {
      moved = data.add(tensor, tensor.raw_data().size(),
                       [&] { return data.append(tensor.raw_data()); });
    }
  });
  return moved;
}

// Protobuf's stream over a file that appears whole.
class AtomicStream : public google::protobuf::io::CopyingOutputStream {
 public:
  explicit AtomicStream(AtomicFile& file) : file_(file) {}
  bool Write(const void* buffer, int size) override {
    const auto* bytes = static_cast<const std::byte*>(buffer);
    if (status_) status_ = file_.write(std::span(bytes, static_cast<std::size_t>(size)));
    return status_.ok();
  }
  const Status& status() const { return status_; }

 private:
  AtomicFile& file_;
  Status status_ = success();
};

Status serialize(const onnx::ModelProto& model, AtomicFile& file, const std::string& path) {
  AtomicStream stream(file);
  bool written = false;
  {
    google::protobuf::io::CopyingOutputStreamAdaptor adaptor(&stream);
    written = model.SerializeToZeroCopyStream(&adaptor) && adaptor.Flush();
  }
  if (!stream.status()) return stream.status();
  if (written) return success();
  return Error{.kind = ErrorKind::kInternal, .what = "cannot serialize the model", .where = path};
}

}  // namespace

double element_bytes(int data_type) {
  switch (data_type) {
    case TensorProto::BOOL:
    case TensorProto::INT8:
    case TensorProto::UINT8:
    case kFloat8E4M3:
    case kFloat8E4M3Fnuz:
    case kFloat8E5M2:
    case kFloat8E5M2Fnuz:
    case kFloat8E8M0:
      return 1;
    case kUint4:
    case kInt4:
    case kFloat4E2M1:
      return 0.5;
    case TensorProto::FLOAT16:
    case TensorProto::BFLOAT16:
    case TensorProto::INT16:
    case TensorProto::UINT16:
      return 2;
    case TensorProto::FLOAT:
    case TensorProto::INT32:
    case TensorProto::UINT32:
      return 4;
    case TensorProto::DOUBLE:
    case TensorProto::INT64:
    case TensorProto::UINT64:
    case TensorProto::COMPLEX64:
      return 8;
    case TensorProto::COMPLEX128:
      return 16;
    default:
      return 0;
  }
}

Result<onnx::ModelProto> read_onnx(const std::string& path) {
  if (std::filesystem::path(path).extension() == ".xml") {
    return Error{.kind = ErrorKind::kUnsupported,
                 .what = "an OpenVINO IR cannot be exported",
                 .where = path,
                 .expected = "the ONNX file that it was made from"};
  }
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return bad_model(path, "cannot open it");
  google::protobuf::io::FileInputStream file(fd);
  file.SetCloseOnDelete(true);
  google::protobuf::io::CodedInputStream coded(&file);
  coded.SetTotalBytesLimit(std::numeric_limits<int>::max());
  onnx::ModelProto model;
  if (!model.ParseFromCodedStream(&coded) || !coded.ConsumedEntireMessage())
    return bad_model(path, "not protobuf, or damaged");
  if (!model.has_graph() || model.graph().node_size() == 0) return bad_model(path, "no graph");
  Status inside = success();
  for_tensors(*model.mutable_graph(), [&](TensorProto& tensor) {
    if (!inside || !is_external(tensor)) return;
    if (auto at = location(tensor, path); !at) inside = at.error();
  });
  if (!inside) return inside.error();
  return model;
}

Result<std::string> tensor_bytes(const TensorProto& tensor, const std::string& path) {
  const std::string where = path + ", tensor '" + tensor.name() + "'";
  auto wanted = wanted_bytes(tensor, where);
  if (!wanted) return wanted.error();
  std::string bytes;
  if (is_external(tensor)) {
    auto at = location(tensor, path);
    if (!at) return at.error();
    auto file = InputFile::open(at->file);
    if (!file) return file.error();
    // Before memory is taken for it.
    if (at->offset > file->size() || *wanted > file->size() - at->offset)
      return bad_model(where, "external data end before the tensor does");
    bytes.resize(*wanted);
    const Status read = file->read_at(at->offset, std::as_writable_bytes(std::span(bytes)));
    if (!read) return read.error();
  } else {
    bytes = tensor.has_raw_data() ? tensor.raw_data() : field_bytes(tensor);
  }
  if (bytes.size() == *wanted) return bytes;
  return bad_model(where, std::to_string(bytes.size()) + " bytes where its shape has " +
                              std::to_string(*wanted));
}

Result<WrittenFiles> write_onnx(onnx::ModelProto& model, const std::string& source,
                                const std::string& path) {
  bool external = false;
  std::uint64_t raw = 0;
  for_tensors(*model.mutable_graph(), [&](TensorProto& tensor) {
    external = external || is_external(tensor);
    raw += tensor.raw_data().size();
  });
  auto file = AtomicFile::create(path);
  if (!file) return file.error();
  WrittenFiles written{.model = path};
  std::optional<DataFile> data;
  if (external || raw > kWhole) {
    written.data = path + ".data";
    auto made = AtomicFile::create(written.data);
    if (!made) return made.error();
    data.emplace(std::move(*made), std::filesystem::path(written.data).filename().string());
    if (const Status moved = move_to(*data, model, source); !moved) return moved.error();
    if (const Status synced = data->file().sync(); !synced) return synced.error();
    written.bytes += data->size();
  }
  written.bytes += model.ByteSizeLong();
  if (const Status done = serialize(model, *file, path); !done) return done.error();
  if (const Status synced = file->sync(); !synced) return synced.error();
  if (data) {
    if (const Status there = data->file().commit(); !there) return there.error();
  }
  if (const Status there = file->commit(); !there) return there.error();
  return written;
}

}  // namespace posittune::exporter
