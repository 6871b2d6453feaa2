#include <signal.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>

#include "common/cli.h"
#include "common/help.h"
#include "common/option_spec.h"
#include "common/parser.h"
#include "common/request_meter.h"
#include "core/parallel.h"
#include "crypto/secret_file.h"

namespace hart::cli {
namespace {

volatile sig_atomic_t pending_signal = 0;

void remember_signal(int number) {
  pending_signal = number;
}

void install_signal_handlers() {
  struct sigaction action {};
  action.sa_handler = remember_signal;
  // No SA_RESTART: a wait for input ends. A second signal finds the default action.
  action.sa_flags = static_cast<int>(SA_RESETHAND);
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  // Writes to a closed pipe fail with EPIPE instead; Output turns that into ClosedPipe.
  signal(SIGPIPE, SIG_IGN);
}

/// One write, so that lines of several processes do not mix. Errors have nowhere to go.
void print_diagnostic(std::string_view tool, std::string_view message) {
  std::string line{tool};
  line += ": ";
  line += printable(message);
  line += '\n';
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, line.data(), line.size());
}

/// The options that stand in CommonOptions, as declarations owned by `holder`.
void declare_common(Command& holder, CommonOptions& common, bool& json) {
  holder.option("-s,--store", "DIR", common.store, "the store directory");
  holder.option("-t,--tenant", "NAME", common.tenant, "who acts (default: default)");
  holder.option("--api-key-file", "FILE", common.api_key_file, "an API key, or HART_API_KEY");
  holder.option("--payload-key", "FILE", common.payload_key_file,
                "the key of an encrypted payload, or HART_PAYLOAD_KEY_FILE");
  holder.option("--format", "auto|human|jsonl", common.format, "form of the results")
      .choices({"auto", "human", "jsonl"});
  holder.flag("--json", json, "the same as --format jsonl");
  holder.flag("-q,--quiet", common.quiet, "errors only on standard error");
  holder.flag("-v,--verbose", common.verbose, "say what is being done");
  holder.flag("--no-progress", common.no_progress, "no progress bars");
  holder.option("--threads", "N", common.threads, "processors to use").range(1, 1024);
  holder.option("--device", "auto|cpu|cuda", common.device, "where to compute")
      .choices({"auto", "cpu", "cuda"});
  holder.option("--timeout", "SECONDS", common.timeout_s, "how long to wait for a lock")
      .range(0, 86'400);
  holder.flag("--dry-run", common.dry_run, "say what would be done, and do nothing");
}

/// Who acts, where no option said so.
void name_tenant(CommonOptions& common) {
  if (common.tenant.empty())
    if (const char* tenant = std::getenv("HART_TENANT"); tenant != nullptr)
      common.tenant = tenant;
  common.tenant_given = !common.tenant.empty();
  if (!common.tenant_given) common.tenant = "default";
}

/// Where the key of the payload is, where no option said so.
void name_payload_key(CommonOptions& common) {
  common.payload_key_given = !common.payload_key_file.empty();
  if (common.payload_key_given) return;
  if (const char* file = std::getenv("HART_PAYLOAD_KEY_FILE"); file != nullptr)
    common.payload_key_file = file;
}

/// Takes a secret out of the environment: no helper that is started inherits it, and what the
/// system shows of this process's environment holds it no longer.
std::string take_secret(const char* name) {
  char* value = std::getenv(name);
  if (value == nullptr) return {};
  std::string secret{value};
  explicit_bzero(value, secret.size());
  unsetenv(name);
  return secret;
}

bool wants_human(const std::string& format) {
  return format == "human" || (format == "auto" && isatty(STDOUT_FILENO));
}

}  // namespace

void Context::diagnostic(std::string_view message) const {
  print_diagnostic(tool, message);
}

void Context::notice(std::string_view message) const {
  if (!common.quiet) print_diagnostic(tool, message);
}

void Context::detail(std::string_view message) const {
  if (common.verbose) print_diagnostic(tool, message);
}

void Context::check_interrupt() const {
  if (pending_signal != 0) throw Interrupted{pending_signal};
}

Tool::Tool(std::string name, std::string summary)
    : root_{std::move(name), std::move(summary)} {}

Tool::~Tool() = default;

int Tool::dispatch(int argc, char** argv) {
  const std::string api_key = take_secret("HART_API_KEY");
  // Empty until somebody names one.
  common_.tenant.clear();
  Command holder{"", ""};
  bool json = false;
  declare_common(holder, common_, json);
  std::vector<OptionSpec*> specs;
  for (const auto& spec : holder.options_) specs.push_back(spec.get());

  Parser parser{root_, specs};
  const auto parsed = parser.parse({argv + 1, argv + argc});
  const Help help{root_, specs};
  if (json) common_.format = "jsonl";
  name_tenant(common_);
  name_payload_key(common_);
  Output out{STDOUT_FILENO, wants_human(common_.format)};

  switch (parsed.request) {
    case Parser::Request::usage: {
      const std::string usage = help.short_usage(*parsed.command);
      std::fputs(usage.c_str(), stderr);
      return static_cast<int>(Fault::usage);
    }
    case Parser::Request::manual: {
      const Command& subject = help.find(parsed.subject);
      open_manual(root_.name_, parsed.subject.empty() ? "" : parsed.subject.back());
      out.raw(as_bytes(help.full(subject)));
      break;
    }
    case Parser::Request::help:
      out.raw(as_bytes(help.full(*parsed.command)));
      break;
    case Parser::Request::version:
      out.raw(as_bytes(root_.name_ + " " HART_VERSION " (hartonomous)\n"));
      break;
    case Parser::Request::act:
      return act(*parsed.command, out, api_key);
  }
  out.finish();
  return 0;
}

int Tool::act(const Command& command, Output& out, const std::string& api_key) {
  if (common_.device == "cuda")
    throw Error{Fault::unavailable, "no CUDA device: this build computes on the CPU only"};
  if (common_.threads == 0) common_.threads = default_threads();
  Context context{root_.name_, common_, out};
  context.verb = command.path();
  context.api_key = common_.api_key_file.empty()
                        ? api_key
                        : crypto::read_secret_file(common_.api_key_file, "API key");
  context.meter = std::make_shared<RequestMeter>();
  try {
    const int status = command.action_(context);
    out.finish();
    return status;
  } catch (const ClosedPipe&) {
    throw;
  } catch (...) {
    // What was answered before the failure is still an answer.
    out.flush();
    throw;
  }
}

int Tool::run(int argc, char** argv) {
  install_signal_handlers();
  try {
    return dispatch(argc, argv);
  } catch (const Error& error) {
    print_diagnostic(root_.name_, error.what());
    return static_cast<int>(error.fault());
  } catch (const ClosedPipe&) {
    return 128 + SIGPIPE;
  } catch (const Interrupted& interrupted) {
    return 128 + interrupted.signal;
  } catch (const std::bad_alloc&) {
    print_diagnostic(root_.name_, "out of memory");
  } catch (const std::exception& error) {
    print_diagnostic(root_.name_, std::string{"internal error: "} + error.what());
  }
  return static_cast<int>(Fault::internal);
}

}  // namespace hart::cli
