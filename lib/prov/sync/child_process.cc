#include "prov/sync/child_process.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "core/error.h"

extern char** environ;

namespace hart::prov {
namespace {

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_{fd} {}
  ~Descriptor() { close(); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  [[nodiscard]] int get() const noexcept { return fd_; }
  void close() noexcept {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }

 private:
  int fd_;
};

/// Keeps SIGPIPE from this thread: a program that stops reading must not end ours. One that
/// came of our writing is taken away before signals are let through again.
class PipeSignalMask {
 public:
  PipeSignalMask() {
    sigset_t pending;
    ::sigpending(&pending);
    pending_before_ = sigismember(&pending, SIGPIPE) == 1;
    ::sigemptyset(&pipe_);
    ::sigaddset(&pipe_, SIGPIPE);
    ::pthread_sigmask(SIG_BLOCK, &pipe_, &before_);
  }
  ~PipeSignalMask() {
    constexpr timespec kNoWait{0, 0};
    if (!pending_before_) (void)::sigtimedwait(&pipe_, nullptr, &kNoWait);
    ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }
  PipeSignalMask(const PipeSignalMask&) = delete;
  PipeSignalMask& operator=(const PipeSignalMask&) = delete;

 private:
  sigset_t pipe_{};
  sigset_t before_{};
  bool pending_before_ = false;
};

std::vector<std::string> merged_environment(
    const std::vector<std::pair<std::string, std::string>>& added) {
  std::vector<std::string> all;
  for (char** one = environ; *one != nullptr; ++one) {
    const std::string_view entry{*one};
    bool replaced = false;
    for (const auto& [name, value] : added)
      replaced |= entry.substr(0, entry.find('=')) == name;
    if (!replaced) all.emplace_back(entry);
  }
  for (const auto& [name, value] : added) all.push_back(name + "=" + value);
  return all;
}

std::vector<char*> c_strings(const std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  pointers.reserve(texts.size() + 1);
  for (const std::string& text : texts) pointers.push_back(const_cast<char*>(text.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

/// Starts the program with `input` as its standard input, and with the signals as they are at
/// the start of a program.
pid_t spawn(const std::vector<std::string>& arguments,
            const std::vector<std::string>& environment, int input) {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawnattr_init(&attributes);
  ::posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO, STDOUT_FILENO);
  sigset_t none;
  sigset_t pipe;
  ::sigemptyset(&none);
  ::sigemptyset(&pipe);
  ::sigaddset(&pipe, SIGPIPE);
  ::posix_spawnattr_setsigmask(&attributes, &none);
  ::posix_spawnattr_setsigdefault(&attributes, &pipe);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  const std::vector<char*> argv = c_strings(arguments);
  const std::vector<char*> envp = c_strings(environment);
  pid_t pid = 0;
  const int error =
      ::posix_spawnp(&pid, argv[0], &actions, &attributes, argv.data(), envp.data());
  ::posix_spawn_file_actions_destroy(&actions);
  ::posix_spawnattr_destroy(&attributes);
  if (error != 0)
    throw Error{Fault::unavailable,
                arguments.front() + ": cannot be run: " + std::strerror(error)};
  return pid;
}

/// Writes until the end, or until nobody reads any more.
void feed(int fd, std::string_view input) {
  const PipeSignalMask mask;
  while (!input.empty()) {
    const ssize_t done = ::write(fd, input.data(), input.size());
    if (done < 0 && errno == EINTR) continue;
    if (done < 0) return;
    input.remove_prefix(static_cast<std::size_t>(done));
  }
}

}  // namespace

std::string ChildStatus::text() const {
  return signal != 0 ? "was ended by signal " + std::to_string(signal)
                     : "ended with status " + std::to_string(code);
}

ChildStatus run_child(const std::vector<std::string>& arguments,
                      const std::vector<std::pair<std::string, std::string>>& environment,
                      std::string_view input) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw_errno(Fault::io, "pipe", errno);
  Descriptor reading{ends[0]};
  Descriptor writing{ends[1]};
  const pid_t pid = spawn(arguments, merged_environment(environment), reading.get());
  reading.close();
  feed(writing.get(), input);
  writing.close();
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0)
    if (errno != EINTR) throw_errno(Fault::io, arguments.front(), errno);
  if (WIFSIGNALED(status)) return {0, WTERMSIG(status)};
  return {WEXITSTATUS(status), 0};
}

}  // namespace hart::prov
