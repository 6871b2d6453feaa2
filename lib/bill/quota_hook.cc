#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <fstream>
#include <sstream>

#include "bill/quota_violation.h"
#include "core/error.h"

namespace hart::bill {
namespace {

constexpr const char* kHookFile = "/quota-hook";

bool is_absolute(const std::vector<std::string>& command) {
  return !command.empty() && command.front().starts_with('/');
}

/// In the child: becomes the command, with `input` as its standard input. Calls nothing but
/// what is safe after a fork of one thread among several.
[[noreturn]] void become(char* const* arguments, char* const* environment, int input) {
  // A tool ignores it, and what is ignored is inherited.
  ::signal(SIGPIPE, SIG_DFL);
  // The parent of the command is gone at once: nobody has to wait for it.
  ::setsid();
  if (::fork() != 0) ::_exit(0);
  const int nothing = ::open("/dev/null", O_RDWR);
  if (nothing < 0 || ::dup2(input, 0) < 0 || ::dup2(nothing, 1) < 0 || ::dup2(nothing, 2) < 0)
    ::_exit(127);
  ::close_range(3, ~0U, 0);
  ::execve(arguments[0], arguments, environment);
  ::_exit(127);
}

void start(const std::vector<std::string>& command, const std::string& line) {
  std::vector<std::string> words = command;
  std::vector<char*> arguments;
  arguments.reserve(words.size() + 1);
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  std::string path = "PATH=/usr/bin:/bin";
  char* const environment[] = {path.data(), nullptr};
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return;
  // The line is far shorter than what a pipe holds.
  const bool written =
      ::write(ends[1], line.data(), line.size()) == static_cast<ssize_t>(line.size());
  ::close(ends[1]);
  const pid_t child = written ? ::fork() : -1;
  if (child == 0) become(arguments.data(), environment, ends[0]);
  ::close(ends[0]);
  if (child > 0)
    while (::waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
    }
}

}  // namespace

void check_quota_hook(const std::vector<std::string>& command) {
  if (!is_absolute(command))
    throw Error{Fault::data,
                "the command for violations is not the absolute path of a program"};
  const std::string& program = command.front();
  struct stat file {};
  if (::stat(program.c_str(), &file) != 0) throw_errno(Fault::no_input, program, errno);
  if (!S_ISREG(file.st_mode) || ::access(program.c_str(), X_OK) != 0)
    throw Error{Fault::no_input, program + ": is not a program that can be run"};
}

void set_quota_hook(const std::string& directory, const std::vector<std::string>& command) {
  const std::string path = directory + kHookFile;
  if (command.empty()) {
    if (::unlink(path.c_str()) != 0 && errno != ENOENT) throw_errno(Fault::io, path, errno);
    return;
  }
  check_quota_hook(command);
  const std::string text = dump_json(Json(command)) + "\n";
  const std::string fresh = path + ".new";
  ::unlink(fresh.c_str());
  const int fd = ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0) throw_errno(Fault::cannot_create, fresh, errno);
  const bool written =
      ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
      ::fsync(fd) == 0;
  ::close(fd);
  if (!written || ::rename(fresh.c_str(), path.c_str()) != 0)
    throw_errno(Fault::io, path, errno);
}

std::vector<std::string> quota_hook(const std::string& directory) {
  const std::string path = directory + kHookFile;
  struct stat file {};
  if (::lstat(path.c_str(), &file) != 0) {
    if (errno == ENOENT) return {};
    throw_errno(Fault::io, path, errno);
  }
  if (!S_ISREG(file.st_mode) || file.st_uid != ::geteuid() || (file.st_mode & 022) != 0)
    throw Error{Fault::denied,
                path + ": is not called: it belongs to somebody else, or others may write it"};
  std::ifstream stream{path};
  std::ostringstream text;
  text << stream.rdbuf();
  const Json json = parse_json(text.str(), path);
  std::vector<std::string> command;
  if (!json.is_array()) throw Error{Fault::data, path + ": is not an array of strings"};
  for (const Json& word : json) {
    if (!word.is_string()) throw Error{Fault::data, path + ": is not an array of strings"};
    command.push_back(word.get<std::string>());
  }
  if (!is_absolute(command))
    throw Error{Fault::data, path + ": does not begin with the absolute path of a program"};
  return command;
}

void call_quota_hook(const std::string& directory,
                     const std::vector<QuotaViolation>& violations) noexcept {
  if (violations.empty()) return;
  try {
    const std::vector<std::string> command = quota_hook(directory);
    if (command.empty()) return;
    for (const QuotaViolation& violation : violations)
      start(command, dump_json(quota_violation_json(violation)) + "\n");
  } catch (...) {
    // The use is allowed or refused all the same, and the violation is recorded.
  }
}

}  // namespace hart::bill
