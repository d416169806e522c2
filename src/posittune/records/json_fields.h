#pragma once

// Conversion of results to JSON and back, for all documents of this room: a struct is an object of
// its fields (fields.h), numbers are as in numbers.h, reading ignores fields it does not know and
// reports what is missing or of the wrong type by its JSON pointer.

#include <cstddef>
#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "posittune/base/result.h"
#include "posittune/records/fields.h"

namespace posittune::records {

// A number, or the string that numbers.h has in its place.
nlohmann::json number_to_json(double number);

// The number that was written so; none when `value` is neither a number nor one of the three
// strings.
std::optional<double> number_from_json(const nlohmann::json& value);

// A place in a document: a value and its JSON pointer. A missing field or a wrong type is thrown as
// an Error, which guarded() turns into a Result.
class Place {
 public:
  Place(const nlohmann::json& value, std::string pointer);

  Place operator[](const std::string& name) const;
  bool has(const std::string& name) const;
  std::string text() const;
  bool flag() const;
  std::uint64_t count() const;
  double number() const;
  const std::string& pointer() const { return pointer_; }

  // visit(name, place)
  template <class Visit>
  void each_field(Visit visit) const {
    for (const auto& [name, value] : object().items()) {
      visit(name, Place(value, pointer_ + "/" + name));
    }
  }
  // visit(place)
  template <class Visit>
  void each_element(Visit visit) const {
    const nlohmann::json& elements = array();
    for (std::size_t i = 0; i < elements.size(); ++i) {
      visit(Place(elements[i], pointer_ + "/" + std::to_string(i)));
    }
  }

 private:
  const nlohmann::json& object() const;
  const nlohmann::json& array() const;
  const nlohmann::json& require(bool fits, const char* expected) const;

  const nlohmann::json& value_;
  std::string pointer_;
};

template <class Read>
auto guarded(Read read) -> Result<decltype(read())> {
  try {
    return read();
  } catch (const Error& error) {
    return error;
  }
}

// Declarations before all definitions, because these call one another.
nlohmann::ordered_json json_value(const std::string& text);
nlohmann::ordered_json json_value(std::uint64_t count);
nlohmann::ordered_json json_value(double number);
template <HasFields Record>
nlohmann::ordered_json json_value(const Record& record);
template <class Element>
nlohmann::ordered_json json_value(const std::vector<Element>& elements);
template <class Element>
nlohmann::ordered_json json_value(const std::map<std::string, Element>& elements);

void read_value(const Place& place, std::string& text);
void read_value(const Place& place, std::uint64_t& count);
void read_value(const Place& place, double& number);
template <HasFields Record>
void read_value(const Place& place, Record& record);
template <class Element>
void read_value(const Place& place, std::vector<Element>& elements);
template <class Element>
void read_value(const Place& place, std::map<std::string, Element>& elements);

template <HasFields Record>
nlohmann::ordered_json json_value(const Record& record) {
  nlohmann::ordered_json object = nlohmann::ordered_json::object();
  visit_fields(record,
               [&](const char* name, const auto& value) { object[name] = json_value(value); });
  return object;
}

template <class Element>
nlohmann::ordered_json json_value(const std::vector<Element>& elements) {
  nlohmann::ordered_json array = nlohmann::ordered_json::array();
  for (const Element& element : elements) array.push_back(json_value(element));
  return array;
}

template <class Element>
nlohmann::ordered_json json_value(const std::map<std::string, Element>& elements) {
  nlohmann::ordered_json object = nlohmann::ordered_json::object();
  for (const auto& [name, element] : elements) object[name] = json_value(element);
  return object;
}

template <HasFields Record>
void read_value(const Place& place, Record& record) {
  visit_fields(record, [&](const char* name, auto& value) { read_value(place[name], value); });
}

template <class Element>
void read_value(const Place& place, std::vector<Element>& elements) {
  place.each_element([&](const Place& element) { read_value(element, elements.emplace_back()); });
}

template <class Element>
void read_value(const Place& place, std::map<std::string, Element>& elements) {
  place.each_field(
      [&](const std::string& name, const Place& element) { read_value(element, elements[name]); });
}

template <class Value>
Value read(const Place& place) {
  Value value{};
  read_value(place, value);
  return value;
}

bool is_json(const std::string& text);

// The text of a document, which ends in a newline. Bytes that are not UTF-8 become U+FFFD.
std::string document_text(const nlohmann::ordered_json& document);
// The same on one line, without its end.
std::string line_text(const nlohmann::ordered_json& value);

}  // namespace posittune::records
