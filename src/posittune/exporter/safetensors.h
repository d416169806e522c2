#pragma once

// Containers of tensors as safetensors has them: eight bytes with the length of a JSON header, the
// header, the bytes of all tensors without gaps.
// reference: https://github.com/huggingface/safetensors (Format)

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "posittune/base/files.h"
#include "posittune/base/result.h"

namespace posittune::exporter {

struct TensorEntry {
  std::string name, dtype;  // "U8", "F32", ...: element_size()
  std::vector<std::uint64_t> shape;
  std::uint64_t begin = 0, end = 0;  // bytes, counted from the end of the header

  friend bool operator==(const TensorEntry&, const TensorEntry&) = default;
};

struct SafetensorsHeader {
  std::map<std::string, std::string> metadata;
  std::vector<TensorEntry> tensors;  // in the order of their bytes

  friend bool operator==(const SafetensorsHeader&, const SafetensorsHeader&) = default;
};

// Bytes of an element; 0 for types that the reader does not know.
std::size_t element_size(std::string_view dtype);

// Headers of a file with so many bytes of tensors. Strict: kInput for keys that come twice or are
// unknown, for other types of values than the format has, for tensors that overlap, leave gaps or
// have other bytes than their shape asks for. `where` names the file.
Result<SafetensorsHeader> parse_header(std::string_view json, std::uint64_t data_bytes,
                                       const std::string& where);
// The JSON, padded with spaces so that tensors begin at a multiple of 8 bytes. kInput for names
// that are no UTF-8.
Result<std::string> header_text(const SafetensorsHeader& header);

class SafetensorsFile {
 public:
  // Reads the header. kInput as parse_header(), and for a header longer than the file, or than the
  // 100 MB that the format allows.
  static Result<SafetensorsFile> open(const std::string& path);

  const std::string& path() const { return file_.path(); }
  const SafetensorsHeader& header() const { return header_; }
  const TensorEntry* find(std::string_view name) const;  // none: nullptr
  Result<std::string> read(const TensorEntry& tensor) const;

 private:
  SafetensorsFile(InputFile file, SafetensorsHeader header, std::uint64_t data);
  InputFile file_;
  SafetensorsHeader header_;
  std::map<std::string, std::size_t, std::less<>> by_name_;
  std::uint64_t data_;  // where the tensors begin
};

// A tensor to be written, whose bytes are made when it is its turn: little-endian, in C order.
struct StoredTensor {
  std::string name, dtype;
  std::vector<std::uint64_t> shape;
  std::function<Result<std::string>()> bytes;
};

// Writes a file, whole or not at all. Tensors are in the order of the format's own library: larger
// elements first, which aligns all, then by name. Equal contents give equal bytes. kInput for
// names twice or no UTF-8; kInternal for bytes that do not fit the shape.
Status write_safetensors(const std::string& path,
                         const std::map<std::string, std::string>& metadata,
                         std::vector<StoredTensor> tensors);

}  // namespace posittune::exporter
