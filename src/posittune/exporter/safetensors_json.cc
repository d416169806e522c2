// The JSON header of a safetensors file. It is read event by event, so that a hostile one takes no
// more memory than its own text.

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>

#include "posittune/exporter/safetensors.h"

namespace posittune::exporter {
namespace {

using nlohmann::json;

constexpr const char* kMetadata = "__metadata__";

// The header's events. Its depth: 1 in the header, 2 in a tensor or the metadata, 3 in a list.
class HeaderReader : public nlohmann::json_sax<json> {
 public:
  SafetensorsHeader header;
  std::string found;  // what is wrong
  std::string where;  // in which tensor

  bool start_object(std::size_t) override {
    if (depth_ == 1 && is_metadata_) return enter();
    if (depth_ == 1) header.tensors.push_back({.name = where, .dtype = {}, .shape = {}});
    return depth_ <= 1 ? enter() : wrong("an object");
  }
  bool end_object() override {
    if (depth_-- == 1 || is_metadata_) return true;
    for (const char* field : {"dtype", "shape", "data_offsets"}) {
      if (!fields_.contains(field)) return wrong(std::string("no ") + field);
    }
    const TensorEntry& tensor = header.tensors.back();
    return offsets_ == 2 ? tensor.begin <= tensor.end || wrong("data_offsets that go back")
                         : wrong(std::to_string(offsets_) + " data_offsets");
  }
  bool key(std::string& name) override {
    if (depth_ == 1) {
      where = name;
      is_metadata_ = name == kMetadata;
      fields_.clear();
      offsets_ = 0;
      return names_.insert(name).second || wrong("the key '" + name + "' twice");
    }
    field_ = name;
    const bool known = is_metadata_ || name == "dtype" || name == "shape" || name == "data_offsets";
    if (!known) return wrong("the key '" + name + "'");
    return fields_.insert(name).second || wrong("the key '" + name + "' twice");
  }
  bool start_array(std::size_t) override {
    const bool list = depth_ == 2 && !is_metadata_ && field_ != "dtype";
    return list ? enter() : wrong("a list");
  }
  bool end_array() override {
    --depth_;
    return true;
  }
  bool string(std::string& text) override {
    if (depth_ == 2 && is_metadata_) {
      header.metadata[field_] = std::move(text);
      return true;
    }
    if (depth_ != 2 || field_ != "dtype") return wrong("a text");
    header.tensors.back().dtype = std::move(text);
    return true;
  }
  bool number_unsigned(std::uint64_t number) override {
    if (depth_ != 3) return wrong("the number " + std::to_string(number));
    TensorEntry& tensor = header.tensors.back();
    if (field_ == "shape") {
      tensor.shape.push_back(number);
    } else {
      (offsets_++ == 0 ? tensor.begin : tensor.end) = number;
    }
    return true;
  }
  bool number_integer(std::int64_t number) override {
    return wrong("the number " + std::to_string(number));
  }
  bool number_float(double, const std::string& text) override {
    return wrong("the number " + text);
  }
  bool null() override { return wrong("null"); }
  bool boolean(bool value) override { return wrong(value ? "true" : "false"); }
  bool binary(json::binary_t&) override { return wrong("binary data"); }
  bool parse_error(std::size_t position, const std::string&, const json::exception&) override {
    return wrong("no JSON at byte " + std::to_string(position));
  }

 private:
  bool enter() {
    ++depth_;
    return true;
  }
  bool wrong(std::string what) {
    if (found.empty()) found = std::move(what);
    return false;
  }

  int depth_ = 0;
  int offsets_ = 0;
  bool is_metadata_ = false;
  std::string field_;
  std::set<std::string> names_, fields_;
};

Error bad_header(const std::string& file, const std::string& tensor, const std::string& expected,
                 const std::string& found) {
  return {.kind = ErrorKind::kInput,
          .what = "not a safetensors file",
          .where = file + (tensor.empty() ? ", header" : ", '" + tensor + "'"),
          .expected = expected,
          .found = found};
}

// The bytes of a tensor's shape, or the largest number where that is more.
std::uint64_t bytes_of(const TensorEntry& tensor) {
  constexpr std::uint64_t kMost = std::numeric_limits<std::uint64_t>::max();
  if (std::ranges::find(tensor.shape, 0U) != tensor.shape.end()) return 0;
  std::uint64_t bytes = element_size(tensor.dtype);
  for (const std::uint64_t size : tensor.shape) bytes = size > kMost / bytes ? kMost : bytes * size;
  return bytes;
}

// Tensors follow each other from the first byte to the last.
Status check_tensors(SafetensorsHeader& header, std::uint64_t data_bytes, const std::string& file) {
  std::ranges::sort(header.tensors, [](const TensorEntry& a, const TensorEntry& b) {
    return std::tie(a.begin, a.end, a.name) < std::tie(b.begin, b.end, b.name);
  });
  std::uint64_t next = 0;
  for (const TensorEntry& tensor : header.tensors) {
    if (element_size(tensor.dtype) == 0)
      return bad_header(file, tensor.name, "a known dtype", "'" + tensor.dtype + "'");
    if (tensor.begin != next || tensor.end > data_bytes) {
      return bad_header(
          file, tensor.name,
          "bytes from " + std::to_string(next) + " to at most " + std::to_string(data_bytes),
          std::to_string(tensor.begin) + " to " + std::to_string(tensor.end));
    }
    if (const std::uint64_t bytes = bytes_of(tensor); bytes != tensor.end - tensor.begin) {
      return bad_header(file, tensor.name, std::to_string(bytes) + " bytes, as dtype and shape say",
                        std::to_string(tensor.end - tensor.begin));
    }
    next = tensor.end;
  }
  if (next == data_bytes) return success();
  return bad_header(file, "", std::to_string(next) + " bytes of tensors",
                    std::to_string(data_bytes));
}

}  // namespace

Result<SafetensorsHeader> parse_header(std::string_view text, std::uint64_t data_bytes,
                                       const std::string& where) {
  HeaderReader reader;
  // The format wants an object from the first byte on.
  const bool begins = text.starts_with('{');
  if (!begins || !json::sax_parse(text, &reader)) {
    return bad_header(where, reader.where,
                      "an object of tensors, each with dtype, shape, data_offsets",
                      begins ? reader.found : "no '{'");
  }
  if (const Status ok = check_tensors(reader.header, data_bytes, where); !ok) return ok.error();
  return std::move(reader.header);
}

Result<std::string> header_text(const SafetensorsHeader& header) {
  nlohmann::ordered_json object = nlohmann::ordered_json::object();
  if (!header.metadata.empty()) object[kMetadata] = header.metadata;
  for (const TensorEntry& tensor : header.tensors) {
    object[tensor.name] = {{"dtype", tensor.dtype},
                           {"shape", tensor.shape},
                           {"data_offsets", {tensor.begin, tensor.end}}};
  }
  try {
    std::string text = object.dump();
    text.append((8 - text.size() % 8) % 8, ' ');
    return text;
  } catch (const json::type_error&) {
    return Error{.kind = ErrorKind::kInput,
                 .what = "a name cannot be written",
                 .expected = "UTF-8",
                 .found = "other bytes"};
  }
}

}  // namespace posittune::exporter
