#include <unistd.h>

#include <csignal>
#include <iostream>

#include "posittune/base/interrupt.h"
#include "posittune/cli/cli.h"

int main(int argc, char** argv) {
  posittune::watch_interrupts();
  // A reader that went away is a failed write, reported with an exit code, not a signal death.
  std::signal(SIGPIPE, SIG_IGN);
  const std::vector<std::string> arguments(argv + (argc > 0 ? 1 : 0), argv + argc);
  return posittune::cli::run(arguments, {std::cout, std::cerr, ::isatty(STDERR_FILENO) != 0});
}
