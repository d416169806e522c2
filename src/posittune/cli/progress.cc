#include "posittune/cli/progress.h"

#include <fmt/ostream.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <ostream>

#include "posittune/base/printable.h"

namespace posittune::cli {
namespace {

using Seconds = std::chrono::duration<double>;

std::string rate_text(double rate, const std::string& unit) {
  if (rate >= 1e9) return fmt::format("{:.2f} G {}/s", rate / 1e9, unit);
  if (rate >= 1e6) return fmt::format("{:.1f} M {}/s", rate / 1e6, unit);
  return fmt::format("{:.3g} {}/s", rate, unit);
}

// Of the terminal behind stderr; where it does not say, the usual 80.
std::size_t terminal_columns() {
  winsize size{};
  const bool known = ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  return known ? size.ws_col : 80;
}

}  // namespace

Progress::Progress(Streams streams, std::string what, std::size_t total, std::string unit)
    : streams_(streams),
      what_(printable(what)),
      unit_(std::move(unit)),
      total_(std::max<std::size_t>(total, 1)),
      start_(Clock::now()),
      last_(start_) {}

Progress::~Progress() {
  if (drawn_ && streams_.terminal) fmt::print(streams_.err, "\r\033[K");
}

void Progress::advance(std::size_t count) {
  done_ += count;
  const auto now = Clock::now();
  const Seconds pause(streams_.terminal ? 0.1 : 10.0);
  if (now - start_ < Seconds(1.0) || now - last_ < pause) return;
  last_ = now;
  draw(now);
}

void Progress::draw(Clock::time_point now) {
  drawn_ = true;
  const double elapsed = Seconds(now - start_).count();
  const double share = std::min(1.0, static_cast<double>(done_) / static_cast<double>(total_));
  const double rate = static_cast<double>(done_) / elapsed;
  const double left = share > 0 ? elapsed * (1 - share) / share : 0;
  // What is left when all units are done (embeddings are measured after calibration) has no rate.
  const std::string tail =
      done_ < total_
          ? fmt::format("{:3.0f} %  {}  {:.0f} s left", 100 * share, rate_text(rate, unit_), left)
          : fmt::format("100 %, finishing, {:.0f} s so far", elapsed);
  if (!streams_.terminal) {
    fmt::print(streams_.err, "{}: {}\n", what_, tail);
    return;
  }
  constexpr std::size_t kBar = 24;
  // A line that wraps cannot be redrawn; the last column makes some terminals wrap. The numbers
  // stay longer than the bar.
  const std::size_t columns = terminal_columns() - 1;
  const std::size_t rest = display_width(what_) + display_width(tail) + 4;
  const std::size_t bar = columns > rest ? std::min(kBar, columns - rest) : 0;
  const auto filled = static_cast<std::size_t>(share * static_cast<double>(bar));
  const std::string line = fmt::format("{} [{}{}] {}", what_, std::string(filled, '#'),
                                       std::string(bar - filled, '.'), tail);
  fmt::print(streams_.err, "\r\033[K{}", cut_to_width(line, columns));
  streams_.err.flush();
}

}  // namespace posittune::cli
