#include "posittune/data/npz.h"

#include <zip.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <set>
#include <span>
#include <utility>

#include "posittune/base/files.h"
#include "posittune/base/interrupt.h"
#include "posittune/data/bad_input.h"
#include "posittune/data/npy_header.h"
#include "posittune/data/npy_numbers.h"

namespace posittune::data {
namespace {

constexpr std::uint64_t kMaxArrays = 4096;
// Deflate cannot do better: 258 bytes from 2 bits (RFC 1951, 3.2.5).
constexpr std::uint64_t kDeflateRatio = 1032;
constexpr std::size_t kPiece = std::size_t{1} << 20;

struct ZipCloser {
  void operator()(zip_t* archive) const { zip_discard(archive); }
  void operator()(zip_file_t* entry) const { zip_fclose(entry); }
};
using Archive = std::unique_ptr<zip_t, ZipCloser>;
using Entry = std::unique_ptr<zip_file_t, ZipCloser>;

Error zip_problem(const std::string& where, const std::string& what, const zip_error_t* problem) {
  zip_error_t copy = *problem;  // zip_error_strerror caches its text in the error
  copy.str = nullptr;
  Error error = bad_input(where, what, "", zip_error_strerror(&copy));
  zip_error_fini(&copy);
  const int code = zip_error_code_zip(problem);
  if (code == ZIP_ER_NOPASSWD || code == ZIP_ER_COMPNOTSUPP || code == ZIP_ER_ENCRNOTSUPP) {
    error.kind = ErrorKind::kUnsupported;
    error.hint = "write it with numpy.savez or numpy.savez_compressed";
  }
  return error;
}

struct EntryFacts {
  std::uint64_t index = 0;  // in the archive
  std::uint64_t data = 0;   // bytes before the first element
  std::size_t count = 0;
  bool fortran = false;
  NumberType number{};
};

// An entry's size as the archive declares it, after a check that its compressed bytes can hold it.
Result<std::uint64_t> declared_size(const std::string& where, const zip_stat_t& entry,
                                    std::uint64_t file_size) {
  constexpr zip_uint64_t kNeeded = ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE | ZIP_STAT_COMP_METHOD;
  if ((entry.valid & kNeeded) != kNeeded) return bad_input(where, "zip entry has no size");
  if (entry.comp_method != ZIP_CM_STORE && entry.comp_method != ZIP_CM_DEFLATE) {
    Error error = bad_input(where, "zip entry is compressed in a way that is not read",
                            "stored or deflated", "method " + std::to_string(entry.comp_method),
                            "write it with numpy.savez or numpy.savez_compressed");
    error.kind = ErrorKind::kUnsupported;
    return error;
  }
  const std::uint64_t ratio = entry.comp_method == ZIP_CM_STORE ? 1 : kDeflateRatio;
  if (entry.comp_size > file_size || entry.size > entry.comp_size * ratio) {
    return bad_input(
        where, "zip entry declares more data than the file holds",
        "at most " + std::to_string(std::min(entry.comp_size, file_size) * ratio) + " bytes",
        std::to_string(entry.size) + " bytes");
  }
  return entry.size;
}

// Why libzip does not open a file, which may only look like an archive.
Error no_archive(const InputFile& file, int code) {
  zip_error_t problem;
  zip_error_init_with_code(&problem, code);
  Error error = zip_problem(file.path(), "npz file cannot be opened", &problem);
  zip_error_fini(&problem);
  error.expected = "a file made by numpy.savez";
  std::byte start[4] = {};
  const bool begins = file.size() >= sizeof start && file.read_at(0, start).ok() &&
                      std::memcmp(start, "PK\x03\x04", sizeof start) == 0;
  if (begins && (code == ZIP_ER_NOZIP || code == ZIP_ER_INCONS)) {
    error.what = "npz file is truncated or damaged";
    error.found = "the start of a zip archive without the directory at its end";
  } else if (code == ZIP_ER_NOZIP) {
    error.what = "not an npz file: truncated, or not a zip archive";
    error.found = std::to_string(file.size()) + " bytes of something else";
  }
  return error;
}

}  // namespace

struct NpzReader::State {
  std::string path;
  Archive archive;
  std::vector<NpzArray> arrays;
  std::vector<EntryFacts> facts;

  std::string where(const std::string& array) const {
    return path + ", array '" + printable(array) + "'";
  }
  Status read_exactly(zip_file_t* entry, std::span<std::byte> out, const std::string& at) const;
  Result<Entry> open_entry(std::uint64_t index, const std::string& at) const;
  Status add(std::uint64_t index, std::uint64_t file_size);
};

Status NpzReader::State::read_exactly(zip_file_t* entry, std::span<std::byte> out,
                                      const std::string& at) const {
  std::size_t done = 0;
  while (done < out.size()) {
    if (Status going = check_interrupt(); !going) return going;
    const zip_int64_t got =
        zip_fread(entry, out.data() + done, std::min(kPiece, out.size() - done));
    if (got < 0) {
      return zip_problem(at, "array cannot be read: the file is damaged",
                         zip_file_get_error(entry));
    }
    if (got == 0) {
      return bad_input(at, "array ends too early", std::to_string(out.size()) + " bytes",
                       std::to_string(done) + " bytes");
    }
    done += static_cast<std::size_t>(got);
  }
  return success();
}

Result<Entry> NpzReader::State::open_entry(std::uint64_t index, const std::string& at) const {
  Entry entry(zip_fopen_index(archive.get(), index, 0));
  if (!entry) {
    return zip_problem(at, "array cannot be read: the file is damaged",
                       zip_get_error(archive.get()));
  }
  return entry;
}

Status NpzReader::State::add(std::uint64_t index, std::uint64_t file_size) {
  zip_stat_t about;
  if (zip_stat_index(archive.get(), index, 0, &about) != 0 || (about.valid & ZIP_STAT_NAME) == 0) {
    return bad_input(path, "zip entry " + std::to_string(index) + " cannot be read");
  }
  std::string name = about.name;
  if (!name.ends_with(".npy")) {
    return bad_input(path, "archive holds something that is no array", "entries named *.npy",
                     printable(name), "write it with numpy.savez");
  }
  name.resize(name.size() - 4);
  const std::string at = where(name);
  const auto size = declared_size(at, about, file_size);
  if (!size) return size.error();
  auto entry = open_entry(index, at);
  if (!entry) return entry.error();
  std::byte start[kNpyPrefixBytes] = {};
  const std::span head(start, std::min<std::size_t>(sizeof start, *size));
  if (Status s = read_exactly(entry->get(), head, at); !s) return s;
  const auto prefix = parse_npy_prefix(at, head, *size);
  if (!prefix) return prefix.error();
  std::string text(prefix->header_length, '\0');
  const std::size_t early = std::min(head.size() - prefix->header_start, text.size());
  std::memcpy(text.data(), start + prefix->header_start, early);
  const auto rest = std::as_writable_bytes(std::span(text.data(), text.size())).subspan(early);
  if (Status s = read_exactly(entry->get(), rest, at); !s) return s;
  auto header = parse_npy_header(at, text);
  if (!header) return header.error();
  const auto number = number_type(header->type);
  if (!number) {
    return bad_input(at, "array has a type that is not read",
                     "float16/32/64, int8/16/32/64, uint8/16/32/64 or bool",
                     "'" + printable(header->type) + "'", "convert it with x.astype");
  }
  const std::uint64_t data = prefix->header_start + prefix->header_length;
  const std::uint64_t expected = data + std::uint64_t{header->count} * number->bytes;
  if (*size != expected) {
    return bad_input(at, "size does not match the shape " + to_string(header->shape),
                     std::to_string(expected) + " bytes", std::to_string(*size) + " bytes");
  }
  arrays.push_back({std::move(name), header->type, std::move(header->shape)});
  facts.push_back({index, data, header->count, header->fortran, *number});
  return success();
}

NpzReader::NpzReader(std::unique_ptr<State> state) : state_(std::move(state)) {}
NpzReader::NpzReader(NpzReader&&) noexcept = default;
NpzReader& NpzReader::operator=(NpzReader&&) noexcept = default;
NpzReader::~NpzReader() = default;

const std::string& NpzReader::path() const { return state_->path; }
const std::vector<NpzArray>& NpzReader::arrays() const { return state_->arrays; }

Result<NpzReader> NpzReader::open(const std::string& path) {
  const auto file = InputFile::open(path);
  if (!file) return file.error();
  int code = 0;
  auto state = std::make_unique<State>();
  state->path = path;
  state->archive.reset(zip_open(path.c_str(), ZIP_RDONLY, &code));
  if (!state->archive) return no_archive(*file, code);
  const zip_int64_t entries = zip_get_num_entries(state->archive.get(), 0);
  if (entries <= 0 || static_cast<std::uint64_t>(entries) > kMaxArrays) {
    return bad_input(path, "archive has no arrays, or too many",
                     "1 to " + std::to_string(kMaxArrays) + " arrays", std::to_string(entries));
  }
  for (std::uint64_t i = 0; i < static_cast<std::uint64_t>(entries); ++i) {
    if (Status s = state->add(i, file->size()); !s) return s.error();
  }
  std::set<std::string> names;
  for (const NpzArray& array : state->arrays) {
    if (!names.insert(array.name).second) {
      return bad_input(state->where(array.name), "archive holds two arrays of one name");
    }
  }
  return NpzReader(std::move(state));
}

Result<Tensor> NpzReader::read(std::size_t index, std::size_t rows) const {
  const NpzArray& array = state_->arrays.at(index);
  const EntryFacts& facts = state_->facts.at(index);
  const std::string at = state_->where(array.name);
  TensorShape shape = array.shape;
  const bool whole = shape.empty() || rows >= shape.front();
  if (!whole) shape.front() = rows;
  const std::size_t width = facts.number.bytes, wide = element_bytes(facts.number.type);
  // In Fortran order the rows are spread over the whole array.
  const std::size_t stored = facts.fortran ? facts.count : element_count(shape);
  // The bytes read and the converted array may be in memory at the same time.
  if (std::uint64_t{stored} * (wide + width) > memory_bytes()) {
    return Error{.kind = ErrorKind::kResource,
                 .what = "array is larger than the memory",
                 .where = at,
                 .found = std::to_string(std::uint64_t{stored} * wide) + " bytes",
                 .hint = "set a limit of items"};
  }
  auto entry = state_->open_entry(facts.index, at);
  if (!entry) return entry.error();
  Bytes header(facts.data), raw(stored * width);
  if (Status s = state_->read_exactly(entry->get(), header, at); !s) return s.error();
  if (Status s = state_->read_exactly(entry->get(), raw, at); !s) return s.error();
  std::byte beyond[1];
  // The checksum is compared at the end of the entry.
  if ((whole || facts.fortran) && zip_fread(entry->get(), beyond, 1) != 0) {
    return zip_problem(at, "array cannot be read: the file is damaged",
                       zip_file_get_error(entry->get()));
  }
  if (facts.fortran) {
    auto ordered = to_c_order(raw, array.shape, shape.front(), width);
    if (!ordered) return ordered.error();
    raw = std::move(*ordered);
  }
  Tensor tensor{facts.number.type, std::move(shape), {}};
  if (!convert(std::move(raw), facts.number, array.type, tensor.bytes)) {
    return bad_input(at, "a number is larger than int64 holds", "at most 9223372036854775807");
  }
  return tensor;
}

}  // namespace posittune::data
