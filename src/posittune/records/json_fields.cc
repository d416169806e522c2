#include "posittune/records/json_fields.h"

#include <cmath>
#include <limits>
#include <utility>

#include "posittune/records/numbers.h"

namespace posittune::records {

using nlohmann::json;
using nlohmann::ordered_json;

json number_to_json(double number) {
  if (std::isfinite(number)) return number;
  return number_text(number);
}

std::optional<double> number_from_json(const json& value) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  if (value.is_number()) return value.get<double>();
  if (value == "Infinity") return kInfinity;
  if (value == "-Infinity") return -kInfinity;
  if (value == "NaN") return std::numeric_limits<double>::quiet_NaN();
  return std::nullopt;
}

Place::Place(const json& value, std::string pointer)
    : value_(value), pointer_(std::move(pointer)) {}

Place Place::operator[](const std::string& name) const {
  object();
  const auto found = value_.find(name);
  if (found == value_.end()) {
    throw Error{
        .kind = ErrorKind::kInput, .what = "a field is missing", .where = pointer_ + "/" + name};
  }
  return {*found, pointer_ + "/" + name};
}

bool Place::has(const std::string& name) const { return object().contains(name); }

std::string Place::text() const {
  return require(value_.is_string(), "a string").get<std::string>();
}

bool Place::flag() const { return require(value_.is_boolean(), "true or false").get<bool>(); }

std::uint64_t Place::count() const {
  return require(value_.is_number_unsigned(), "a count").get<std::uint64_t>();
}

double Place::number() const {
  const auto number = number_from_json(value_);
  require(number.has_value(), "a number, \"Infinity\", \"-Infinity\" or \"NaN\"");
  return *number;
}

const json& Place::object() const { return require(value_.is_object(), "an object"); }
const json& Place::array() const { return require(value_.is_array(), "an array"); }

const json& Place::require(bool fits, const char* expected) const {
  if (fits) return value_;
  throw Error{.kind = ErrorKind::kInput,
              .what = "a field has the wrong type",
              .where = pointer_.empty() ? "/" : pointer_,
              .expected = expected,
              .found = value_.type_name()};
}

ordered_json json_value(const std::string& text) { return text; }
ordered_json json_value(std::uint64_t count) { return count; }
ordered_json json_value(double number) { return number_to_json(number); }

void read_value(const Place& place, std::string& text) { text = place.text(); }
void read_value(const Place& place, std::uint64_t& count) { count = place.count(); }
void read_value(const Place& place, double& number) { number = place.number(); }

std::string line_text(const ordered_json& value) {
  return value.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

bool is_json(const std::string& text) { return json::accept(text); }

std::string document_text(const ordered_json& document) {
  return document.dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace posittune::records
