#pragma once

// Keyword arguments as fields of option structs.

#include <nanobind/nanobind.h>
#include <nanobind/stl/map.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <string>
#include <type_traits>

#include "errors.h"
#include "posittune/base/nearest.h"

namespace posittune::python {

// A dict of arguments that are taken out one by one; what is left at the end is not known.
class Arguments {
 public:
  explicit Arguments(nanobind::dict arguments) : arguments_(std::move(arguments)) {}

  // The argument of that name, where it was given and is not None. TypeError names it otherwise,
  // kUsage where it is a number that does not fit.
  template <class T>
  void take(const char* name, T& field) {
    known_.emplace_back(name);
    if (!arguments_.contains(name)) return;
    const nanobind::object value = arguments_[name];
    nanobind::del(arguments_[name]);
    if (value.is_none()) return;
    T taken{};
    if (!nanobind::try_cast<T>(value, taken)) {
      if (nanobind::isinstance<nanobind::int_>(value) && std::is_arithmetic_v<T>) {
        throw Failed(Error{.kind = ErrorKind::kUsage,
                           .what = "a number out of range",
                           .where = "`" + std::string(name) + "`",
                           .expected = std::is_unsigned_v<T> ? "0 or more, of 64 bits" : "",
                           .found = nanobind::cast<std::string>(nanobind::repr(value))});
      }
      const std::string type = nanobind::cast<std::string>(value.type().attr("__name__"));
      throw nanobind::type_error(("`" + std::string(name) + "` cannot be a " + type).c_str());
    }
    field = std::move(taken);
  }

  // Whether the argument is this text, which is then taken.
  bool is_text(const char* name, const char* text) {
    if (!arguments_.contains(name)) return false;
    const nanobind::object value = arguments_[name];
    if (!nanobind::isinstance<nanobind::str>(value) || nanobind::cast<std::string>(value) != text)
      return false;
    nanobind::del(arguments_[name]);
    return true;
  }

  // A text, or a list of texts.
  void take_list(const char* name, std::vector<std::string>& field) {
    if (arguments_.contains(name) && nanobind::isinstance<nanobind::str>(arguments_[name])) {
      std::string one;
      take(name, one);
      field = {std::move(one)};
    } else {
      take(name, field);
    }
  }

  // kUsage where something is left.
  void end() const {
    for (const auto& [name, value] : arguments_) {
      const std::string text = nanobind::cast<std::string>(name);
      throw Failed(Error{.kind = ErrorKind::kUsage,
                         .what = "unknown argument `" + text + "`",
                         .expected = joined(nearest(text, known_, 3))});
    }
  }

 private:
  nanobind::dict arguments_;
  std::vector<std::string> known_;
};

}  // namespace posittune::python
