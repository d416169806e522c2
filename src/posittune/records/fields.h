#pragma once

// The fields of a plain struct by name, in its order: one list serves JSON, both ways, and CSV.
//
//   template <>
//   struct FieldsOf<Point> {
//     static constexpr std::tuple kList{Field{"x", &Point::x}, Field{"y", &Point::y}};
//   };

#include <tuple>
#include <type_traits>

namespace posittune::records {

template <class Record, class Value>
struct Field {
  const char* name;
  Value Record::* member;
};
// Deduction guide for compilers that do not deduce aggregates by themselves (clang before 17).
template <class Record, class Value>
Field(const char*, Value Record::*) -> Field<Record, Value>;

template <class Record>
struct FieldsOf;

template <class Record>
concept HasFields = requires { FieldsOf<Record>::kList; };

// Calls visit(name, value) for each field; `value` is const where `record` is.
template <class Record, class Visit>
  requires HasFields<std::remove_const_t<Record>>
void visit_fields(Record& record, Visit visit) {
  std::apply([&](const auto&... field) { (visit(field.name, record.*field.member), ...); },
             FieldsOf<std::remove_const_t<Record>>::kList);
}

}  // namespace posittune::records
