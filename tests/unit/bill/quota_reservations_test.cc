#include "bill/quota_reservations.h"

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "bill/quota.h"
#include "core/error.h"
#include "fixture.h"

namespace hart::bill {
namespace {

constexpr TimeUs kMinute = 60'000'000;

QuotaAmounts some_tokens(std::int64_t micros) {
  return {{micros, 1, 0, 0}};
}

void set_aside(QuotaReservations& file, std::int64_t tenant, TimeUs minute,
               std::int64_t micros) {
  QuotaReservations::Locked{file}.add(tenant, minute, some_tokens(micros));
}

void give_up(QuotaReservations& file, std::int64_t tenant, TimeUs minute, std::int64_t micros) {
  QuotaReservations::Locked{file}.take(tenant, minute, some_tokens(micros));
}

std::int64_t tokens_of(const test::ScratchStore& scratch, std::int64_t tenant, TimeUs start) {
  return sum_reserved(living_reservations(scratch.directory()), tenant, QuotaResource::tokens,
                      start);
}

TEST_CASE("reservations: they add up by tenant and window, whoever made them") {
  const test::ScratchStore scratch{test::bill_modules()};
  CHECK(living_reservations(scratch.directory()).empty());
  QuotaReservations first{scratch.directory()};
  QuotaReservations second{scratch.directory()};
  CHECK(first.holder() != second.holder());
  set_aside(first, 1, 5 * kMinute, 10);
  set_aside(first, 1, 5 * kMinute, 20);
  set_aside(first, 1, 6 * kMinute, 100);
  set_aside(second, 1, 5 * kMinute, 1'000);
  set_aside(second, 2, 5 * kMinute, 7);
  CHECK(tokens_of(scratch, 1, 0) == 1'130);
  CHECK(tokens_of(scratch, 1, 6 * kMinute) == 100);
  CHECK(tokens_of(scratch, 1, 7 * kMinute) == 0);
  CHECK(tokens_of(scratch, 2, 0) == 7);
  CHECK(living_reservations(scratch.directory()).size() == 4);
  give_up(first, 1, 5 * kMinute, 10);
  CHECK(tokens_of(scratch, 1, 0) == 1'120);
  give_up(first, 1, 5 * kMinute, 20);
  CHECK(living_reservations(scratch.directory()).size() == 3);
  // What is free is used again: the file does not grow with the number of uses.
  const auto size = std::filesystem::file_size(scratch.directory() + "/reservations");
  for (int i = 0; i < 100; ++i) {
    set_aside(first, 1, (10 + i) * kMinute, 5);
    give_up(first, 1, (10 + i) * kMinute, 5);
  }
  CHECK(std::filesystem::file_size(scratch.directory() + "/reservations") == size);
}

TEST_CASE(
    "reservations: what is not a living holder's counts for nothing and is written over") {
  const test::ScratchStore scratch{test::bill_modules()};
  const std::string path = scratch.directory() + "/reservations";
  {
    QuotaReservations gone{scratch.directory()};
    set_aside(gone, 1, kMinute, 50);
  }
  {
    // As after a power cut, or a disk that was full.
    std::ofstream garbage{path, std::ios::app | std::ios::binary};
    for (int i = 0; i < 40 * 64 + 13; ++i) garbage.put(static_cast<char>(i * 37 + 11));
  }
  CHECK(tokens_of(scratch, 1, 0) == 0);
  QuotaReservations living{scratch.directory()};
  const auto before = std::filesystem::file_size(path);
  set_aside(living, 1, kMinute, 3);
  CHECK(tokens_of(scratch, 1, 0) == 3);
  CHECK(std::filesystem::file_size(path) == before);
  QuotaReservations::Locked locked{living};
  locked.drop_the_dead();
  CHECK(sum_reserved(locked.slots(), 1, QuotaResource::tokens, 0) == 3);
}

/// A process that has set tokens aside and holds them until it is killed.
class Holder {
 public:
  Holder(const std::string& directory, std::int64_t micros) {
    int ends[2];
    REQUIRE(::pipe(ends) == 0);
    pid_ = ::fork();
    if (pid_ == 0) hold(directory, micros, ends[1]);
    ::close(ends[1]);
    char ready = 0;
    CHECK(::read(ends[0], &ready, 1) == 1);
    ::close(ends[0]);
  }
  ~Holder() { kill(); }
  Holder(const Holder&) = delete;
  Holder& operator=(const Holder&) = delete;

  void kill() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    pid_ = -1;
  }

 private:
  [[noreturn]] static void hold(const std::string& directory, std::int64_t micros, int ready) {
    try {
      QuotaReservations file{directory};
      set_aside(file, 1, kMinute, micros);
      if (::write(ready, "!", 1) == 1)
        for (;;) ::pause();
    } catch (const Error&) {
      // The parent waits for a byte, and finds the pipe closed.
    }
    ::_exit(1);
  }

  pid_t pid_ = -1;
};

std::size_t taken_slots(const std::vector<ReservedSlot>& slots) {
  return static_cast<std::size_t>(
      std::ranges::count_if(slots, [](const ReservedSlot& slot) { return slot.holder != 0; }));
}

TEST_CASE("reservations: a dead process's are freed, a living one's are not") {
  const test::ScratchStore scratch{test::bill_modules()};
  Holder living{scratch.directory(), 10};
  Holder dying{scratch.directory(), 100};
  CHECK(tokens_of(scratch, 1, 0) == 110);
  dying.kill();
  CHECK(tokens_of(scratch, 1, 0) == 10);
  Holder next{scratch.directory(), 1};
  CHECK(tokens_of(scratch, 1, 0) == 11);
  QuotaReservations file{scratch.directory()};
  QuotaReservations::Locked locked{file};
  CHECK(taken_slots(locked.slots()) == 3);
  locked.drop_the_dead();
  CHECK(taken_slots(locked.slots()) == 2);
  CHECK(sum_reserved(locked.slots(), 1, QuotaResource::tokens, 0) == 11);
}

TEST_CASE("reservations: a process with a dead one's number has nothing of its") {
  const test::ScratchStore scratch{test::bill_modules()};
  // One number for both: holders are not told apart by it.
  { set_aside(*std::make_unique<QuotaReservations>(scratch.directory()), 1, kMinute, 100); }
  QuotaReservations file{scratch.directory()};
  CHECK(tokens_of(scratch, 1, 0) == 0);
  give_up(file, 1, kMinute, 100);
  set_aside(file, 1, kMinute, 7);
  CHECK(tokens_of(scratch, 1, 0) == 7);
}

TEST_CASE("reservations: two that are new under one lock have a place each") {
  const test::ScratchStore scratch{test::bill_modules()};
  QuotaReservations file{scratch.directory()};
  {
    QuotaReservations::Locked locked{file};
    QuotaAmounts amounts;
    const auto tokens = static_cast<std::size_t>(QuotaResource::tokens);
    amounts.micros[tokens] = 2;
    locked.add(1, kMinute, amounts);
    amounts.micros[tokens] = 5;
    locked.add(2, kMinute, amounts);
  }
  CHECK(tokens_of(scratch, 1, 0) == 2);
  CHECK(tokens_of(scratch, 2, 0) == 5);
}

TEST_CASE("reservations: sums stay within 64 bits") {
  const test::ScratchStore scratch{test::bill_modules()};
  QuotaReservations file{scratch.directory()};
  constexpr std::int64_t kMost = INT64_MAX;
  set_aside(file, 1, kMinute, kMost);
  set_aside(file, 1, kMinute, kMost);
  set_aside(file, 1, 2 * kMinute, kMost);
  CHECK(tokens_of(scratch, 1, 0) == kMost);
  set_aside(file, 1, 3 * kMinute, -5);
  CHECK(tokens_of(scratch, 1, 3 * kMinute) == 0);
}

}  // namespace
}  // namespace hart::bill
