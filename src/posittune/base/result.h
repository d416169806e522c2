#pragma once

// Result<T>: a value, or an Error that says what, where, expected, found and what to do. Library
// code returns it and neither prints nor exits. Messages name options by the fields that a program
// sets, in backticks: `batch_axes`, `rounding=nearest`. The command line turns these into flags,
// and kinds into exit codes.

#include <string>
#include <utility>
#include <variant>

namespace posittune {

// Who can act on an error.
enum class ErrorKind : int {
  kInternal = 1,  // our own bug
  kUsage,         // arguments or configuration
  kInput,         // a file or an array does not hold what it should
  kUnsupported,   // correct, but not something this build or machine can do
  kResource,      // disk, memory, time
  kInterrupted,   // SIGINT, SIGTERM or a cancellation, after a clean flush
  kGoal,          // not met; what was reached is written
};

struct Error {
  ErrorKind kind = ErrorKind::kInternal;
  std::string what;     // one sentence: "unknown format 'posit<8,9>'"
  std::string where{};  // file, tensor, argument
  std::string expected{};
  std::string found{};
  std::string hint{};  // what to do next

  // All filled parts, one per line, ready for stderr after "error: ".
  std::string message() const;
};

// The error with the field of the options that it is about as its place: "`formats`", and before
// the place that it has.
Error of_field(Error error, const std::string& field);

template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::move(value)) {}      // NOLINT: implicit on purpose
  Result(Error error) : state_(std::move(error)) {}  // NOLINT

  bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }

  // The value. Only after ok(); otherwise throws std::bad_variant_access, which is a bug of the
  // caller.
  T& value() & { return std::get<0>(state_); }
  const T& value() const& { return std::get<0>(state_); }
  T&& value() && { return std::get<0>(std::move(state_)); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  const Error& error() const { return std::get<1>(state_); }

 private:
  std::variant<T, Error> state_;
};

// Result without a value.
using Status = Result<std::monostate>;
inline Status success() { return std::monostate{}; }

}  // namespace posittune
