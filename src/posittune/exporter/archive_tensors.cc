#include "posittune/exporter/archive_tensors.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <numeric>

namespace posittune::exporter {
namespace {

static_assert(std::endian::native == std::endian::little, "files are little-endian");

template <class T>
std::string bytes_of(const std::vector<T>& values) {
  std::string bytes(values.size() * sizeof(T), '\0');
  if (!values.empty()) std::memcpy(bytes.data(), values.data(), bytes.size());
  return bytes;
}

template <class T>
std::vector<T> values_of(const std::string& bytes) {
  std::vector<T> values(bytes.size() / sizeof(T));
  if (!values.empty()) std::memcpy(values.data(), bytes.data(), values.size() * sizeof(T));
  return values;
}

Error misfit(const std::string& where, const std::string& expected, const std::string& found) {
  return {.kind = ErrorKind::kInput,
          .what = "a tensor of the archive does not fit",
          .where = where,
          .expected = expected,
          .found = found};
}

}  // namespace

std::string to_bytes(const std::vector<float>& values) { return bytes_of(values); }
std::string to_bytes(const std::vector<std::uint32_t>& values) { return bytes_of(values); }
std::vector<float> floats_of(const std::string& bytes) { return values_of<float>(bytes); }
std::vector<std::uint32_t> counts_of(const std::string& bytes) {
  return values_of<std::uint32_t>(bytes);
}

std::string to_e8m0(const std::vector<float>& scales) {
  std::string codes;
  codes.reserve(scales.size());
  for (const float scale : scales)
    codes += static_cast<char>(std::bit_cast<std::uint32_t>(scale) >> 23);
  return codes;
}

std::vector<float> from_e8m0(const std::string& codes) {
  std::vector<float> scales;
  scales.reserve(codes.size());
  for (const char code : codes)
    scales.push_back(std::bit_cast<float>(std::uint32_t{static_cast<std::uint8_t>(code)} << 23));
  return scales;
}

std::vector<std::uint32_t> stretches(const std::vector<std::uint32_t>& rows) {
  std::vector<std::uint32_t> made;
  for (const std::uint32_t row : rows) {
    if (made.empty() || row != made[made.size() - 2] + made.back())
      made.insert(made.end(), {row, 0});
    ++made.back();
  }
  return made;
}

Result<std::vector<std::uint32_t>> rows_of(const std::vector<std::uint32_t>& stretches,
                                           std::uint64_t rows, const std::string& where) {
  std::vector<std::uint32_t> made;
  std::uint64_t next = 0;
  for (std::size_t i = 0; i + 1 < stretches.size(); i += 2) {
    const std::uint64_t first = stretches[i], count = stretches[i + 1];
    if (first < next || count == 0 || first + count > rows) {
      return misfit(where, "rows " + std::to_string(next) + " to " + std::to_string(rows),
                    std::to_string(count) + " from " + std::to_string(first));
    }
    next = first + count;
    for (std::uint64_t row = first; row < next; ++row)
      made.push_back(static_cast<std::uint32_t>(row));
  }
  return made;
}

Repeated without_repeats(const std::vector<float>& values, std::size_t width) {
  Repeated made;
  for (auto row = values.begin(); row != values.end(); row += static_cast<std::ptrdiff_t>(width)) {
    const auto end = row + static_cast<std::ptrdiff_t>(width);
    const bool again = !made.values.empty() &&
                       std::equal(row, end, made.values.end() - static_cast<std::ptrdiff_t>(width));
    if (!again) {
      made.values.insert(made.values.end(), row, end);
      made.repeats.push_back(0);
    }
    ++made.repeats.back();
  }
  return made;
}

Result<std::vector<float>> with_repeats(const Repeated& repeated, std::size_t width,
                                        std::uint64_t rows, const std::string& where) {
  const auto total =
      std::accumulate(repeated.repeats.begin(), repeated.repeats.end(), std::uint64_t{0});
  const std::size_t kept = repeated.repeats.size();
  const bool fits =
      kept == 0 ? repeated.values.empty()
                : repeated.values.size() % kept == 0 && repeated.values.size() / kept == width;
  if (total != rows || !fits)
    return misfit(where, std::to_string(rows) + " rows", std::to_string(total));
  std::vector<float> made;
  made.reserve(rows * width);
  auto row = repeated.values.begin();
  for (const std::uint32_t count : repeated.repeats) {
    const auto end = row + static_cast<std::ptrdiff_t>(width);
    for (std::uint32_t i = 0; i < count; ++i) made.insert(made.end(), row, end);
    row = end;
  }
  return made;
}

int format_bits(std::size_t formats) {
  return formats < 2 ? 0 : static_cast<int>(std::bit_width(formats - 1));
}

}  // namespace posittune::exporter
