#pragma once

// Checked: the options of a job after check(), which reads them once, before the model is read.
// Errors that can be found without the model have been reported by then.

#include <cstddef>
#include <memory>
#include <utility>

#include "posittune/base/result.h"

namespace posittune::session {

// kUsage for a number that is out of the range of its field, or NaN.
Status check_range(const char* field, double value, double least, double most);
Status check_range(const char* field, std::size_t value, std::size_t least, std::size_t most);
// kUsage for a list of choices that is empty.
Status check_some(const char* field, bool empty);

// `Parts`: what check() made of the options (formats from names, budgets from texts); only the job
// knows its type.
template <class Options, class Parts>
class Checked {
 public:
  Checked(Options options, std::shared_ptr<const Parts> parts)
      : options_(std::move(options)), parts_(std::move(parts)) {}
  const Options& options() const { return options_; }
  const Parts& parts() const { return *parts_; }

 private:
  Options options_;
  std::shared_ptr<const Parts> parts_;  // never null
};

}  // namespace posittune::session
