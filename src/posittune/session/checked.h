#pragma once

// Options of a job that have been read, once and before a model is: what can be seen to be wrong
// by then has been said, and the job goes on with what they stand for.

#include <memory>
#include <utility>

namespace posittune::session {

// `Parts`: what the options stand for; known to the job alone.
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
