#include "posittune/base/child_process.h"

#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <system_error>

namespace posittune {
namespace {

Error cannot_start(const std::string& name) {
  return {.kind = ErrorKind::kResource,
          .what = "cannot start a process",
          .where = name,
          .found = std::generic_category().message(errno)};
}

}  // namespace

// A socket pair in place of pipes: writing to one whose other end is closed is an error, no signal.
Result<ChildProcess> ChildProcess::start(const std::vector<std::string>& command) {
  std::array<int, 2> ends{};
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0)
    return cannot_start(command.front());
  std::vector<char*> arguments;
  for (const std::string& argument : command)
    arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);
  const pid_t pid = fork();
  if (pid < 0) {
    const Error error = cannot_start(command.front());
    close(ends[0]);
    close(ends[1]);
    return error;
  }
  if (pid == 0) {
    // Signals that this process watches (interrupt.h) are blocked; the child has its own way.
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    dup2(ends[1], STDIN_FILENO);
    dup2(ends[1], STDOUT_FILENO);
    execvp(arguments.front(), arguments.data());
    _exit(127);
  }
  close(ends[1]);
  return ChildProcess(pid, ends[0], command.front());
}

ChildProcess::~ChildProcess() {
  if (socket_ >= 0) close(socket_);
  while (pid_ > 0 && waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

Error ChildProcess::ended() const {
  return {.kind = ErrorKind::kResource,
          .what = "a process that works for this one has ended",
          .where = name_,
          .hint = "is it installed?"};
}

Status ChildProcess::write_line(const std::string& line) {
  const std::string text = line + "\n";
  for (std::size_t at = 0; at < text.size();) {
    const ssize_t sent = send(socket_, text.data() + at, text.size() - at, MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) return ended();
    at += static_cast<std::size_t>(sent);
  }
  return success();
}

Result<std::string> ChildProcess::read_line() {
  std::array<char, 4096> piece{};
  while (true) {
    if (const std::size_t end = read_.find('\n'); end != std::string::npos) {
      std::string line = read_.substr(0, end);
      read_.erase(0, end + 1);
      return line;
    }
    const ssize_t got = recv(socket_, piece.data(), piece.size(), 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return ended();
    read_.append(piece.data(), static_cast<std::size_t>(got));
  }
}

}  // namespace posittune
