#pragma once

// JSON that others may have written: no key twice, no deep nesting, and fields of the types that
// are asked for.

#include <cstdint>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "posittune/base/result.h"

namespace posittune::exporter {

// Parses a text. kInput, with `where`, for what is no JSON, a key that an object has twice, and
// more than 16 levels.
Result<nlohmann::json> parse_strict(std::string_view text, const std::string& where);

// Reads an object's fields. The first that does not fit is kept as the error, and what is asked for
// after it is empty: one check at the end is enough.
class FieldReader {
 public:
  // An object with exactly these fields.
  FieldReader(const nlohmann::json& object, std::string where,
              std::initializer_list<const char*> fields);

  std::uint64_t count(const char* field);
  bool flag(const char* field);
  std::string text(const char* field);
  std::vector<std::string> texts(const char* field);
  std::vector<std::uint64_t> counts(const char* field);
  const nlohmann::json& list(const char* field);  // of anything
  const nlohmann::json& object(const char* field);

  Status status() const { return status_; }

 private:
  const nlohmann::json& at(const char* field, bool (*fits)(const nlohmann::json&),
                           const char* expected);

  const nlohmann::json& object_;
  std::string where_;
  Status status_ = success();
};

}  // namespace posittune::exporter
