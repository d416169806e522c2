#include <fcntl.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <iostream>
#include <string_view>

#include "posittune/base/interrupt.h"
#include "posittune/base/memory.h"
#include "posittune/cli/cli.h"
#include "posittune/cli/errors.h"

namespace {

// A process started with closed standard streams (a daemon) would get their numbers for its files,
// and messages would land in the output. Closed ones become /dev/null; stdout in a way that makes
// writing to it fail.
void occupy_standard_streams() {
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(stream, F_GETFD) >= 0) continue;
    const int fd = ::open("/dev/null", stream == STDERR_FILENO ? O_WRONLY : O_RDONLY);
    if (fd >= 0 && fd != stream) {
      ::dup2(fd, stream);
      ::close(fd);
    }
  }
}

// Whether a line on stderr can be drawn anew.
bool is_terminal() {
  const char* kind = std::getenv("TERM");
  return ::isatty(STDERR_FILENO) != 0 && kind != nullptr && *kind != '\0' &&
         std::string_view(kind) != "dumb";
}

}  // namespace

int main(int argc, char** argv) {
  posittune::end_in_order_without_memory(
      posittune::cli::exit_code(posittune::ErrorKind::kResource));
  occupy_standard_streams();
  posittune::watch_interrupts();
  // A reader that went away or a file past the limit is a failed write, reported with an exit code,
  // not a signal death.
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
  const std::vector<std::string> arguments(argv + (argc > 0 ? 1 : 0), argv + argc);
  return posittune::cli::run(arguments, {std::cout, std::cerr, is_terminal()});
}
