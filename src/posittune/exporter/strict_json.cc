#include "posittune/exporter/strict_json.h"

#include <algorithm>
#include <set>
#include <utility>

namespace posittune::exporter {
namespace {

using nlohmann::json;

constexpr int kMostLevels = 16;

Error bad_json(const std::string& where, const std::string& expected, const std::string& found) {
  return {.kind = ErrorKind::kInput,
          .what = "a document is not as it should be",
          .where = where,
          .expected = expected,
          .found = found};
}

const json& nothing() {
  static const json null;
  return null;
}

bool is_count(const json& value) { return value.is_number_unsigned(); }
bool is_flag(const json& value) { return value.is_boolean(); }
bool is_text(const json& value) { return value.is_string(); }
bool is_list(const json& value) { return value.is_array(); }
bool is_object(const json& value) { return value.is_object(); }
bool are_texts(const json& value) { return is_list(value) && std::ranges::all_of(value, is_text); }
bool are_counts(const json& value) {
  return is_list(value) && std::ranges::all_of(value, is_count);
}

}  // namespace

Result<json> parse_strict(std::string_view text, const std::string& where) {
  struct Stop {
    std::string found;
  };
  std::vector<std::set<std::string>> keys;  // of the objects that are open
  const auto seen = [&](int depth, json::parse_event_t event, json& parsed) {
    if (depth > kMostLevels) throw Stop{"more than " + std::to_string(kMostLevels) + " levels"};
    if (event == json::parse_event_t::object_start) keys.emplace_back();
    if (event == json::parse_event_t::object_end) keys.pop_back();
    if (event == json::parse_event_t::key) {
      const auto& name = parsed.get_ref<const std::string&>();
      if (!keys.back().insert(name).second) throw Stop{"the key '" + name + "' twice"};
    }
    return true;
  };
  try {
    return json::parse(text, seen);
  } catch (const json::parse_error& error) {
    return bad_json(where, "JSON", "none at byte " + std::to_string(error.byte));
  } catch (const json::out_of_range&) {  // numbers beyond double's range
    return bad_json(where, "JSON", "a number that is too large");
  } catch (const Stop& stop) {
    return bad_json(where, "JSON", stop.found);
  }
}

FieldReader::FieldReader(const json& object, std::string where,
                         std::initializer_list<const char*> fields)
    : object_(object), where_(std::move(where)) {
  if (!object.is_object()) {
    status_ = bad_json(where_, "an object", object.type_name());
    return;
  }
  for (const auto& [name, value] : object.items()) {
    const bool known = std::ranges::any_of(fields, [&](const char* f) { return name == f; });
    if (!known) status_ = bad_json(where_, "known fields", "'" + name + "'");
  }
}

const json& FieldReader::at(const char* field, bool (*fits)(const json&), const char* expected) {
  if (!status_) return nothing();
  const auto found = object_.find(field);
  if (found != object_.end() && fits(*found)) return *found;
  status_ = bad_json(where_ + ", " + field, expected,
                     found == object_.end() ? "no such field" : found->type_name());
  return nothing();
}

std::uint64_t FieldReader::count(const char* field) {
  const json& value = at(field, is_count, "a number that is not negative");
  return value.is_null() ? 0 : value.get<std::uint64_t>();
}

bool FieldReader::flag(const char* field) {
  const json& value = at(field, is_flag, "true or false");
  return !value.is_null() && value.get<bool>();
}

std::string FieldReader::text(const char* field) {
  const json& value = at(field, is_text, "a text");
  return value.is_null() ? "" : value.get<std::string>();
}

std::vector<std::string> FieldReader::texts(const char* field) {
  const json& value = at(field, are_texts, "a list of texts");
  return value.is_null() ? std::vector<std::string>{} : value.get<std::vector<std::string>>();
}

std::vector<std::uint64_t> FieldReader::counts(const char* field) {
  const json& value = at(field, are_counts, "a list of numbers that are not negative");
  return value.is_null() ? std::vector<std::uint64_t>{} : value.get<std::vector<std::uint64_t>>();
}

const json& FieldReader::list(const char* field) { return at(field, is_list, "a list"); }

const json& FieldReader::object(const char* field) { return at(field, is_object, "an object"); }

}  // namespace posittune::exporter
