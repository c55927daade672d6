#include "cli/scrub_command.h"

#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>
#include <thread>

#include "cli/setting_flags.h"
#include "objects/scrub.h"

namespace clary::cli {
namespace {

using objects::ScrubStatus;
using store::Connection;

constexpr std::chrono::milliseconds kPoll{200};

std::string when(const std::optional<Timestamp>& time) {
  return time ? iso8601(*time) : "never";
}

void show(const ScrubStatus& status) {
  for (const auto& damage : status.damaged) {
    std::cout << "DAMAGED " << damage.bucket << "/" << damage.key << " version "
              << damage.version_id;
    if (damage.part > 0) std::cout << " part " << damage.part;
    std::cout << ": " << damage.reason << " (found " << iso8601(damage.found) << ")\n";
  }
  const bool runs = status.started && !status.finished;
  std::cout << (runs ? "a check runs since " : "last check: ")
            << when(runs ? status.started : status.last_finished) << "; " << status.counts.objects
            << " objects, " << status.counts.bytes << " bytes checked, "
            << status.counts.unverifiable << " without a checksum, " << status.damaged.size()
            << " damaged\n";
}

// Asks the server and waits for it. False when it does not answer.
bool check_now(Connection& rows) {
  const auto asked = SystemClock().now();
  objects::request_scrub(rows, asked);
  std::uint64_t last = 0;
  auto seen = std::chrono::steady_clock::now();
  while (true) {
    const auto status = objects::scrub_status(rows);
    if (status.last_finished && *status.last_finished >= asked && status.finished) return true;
    const bool runs = status.started && *status.started >= asked;
    const auto now = std::chrono::steady_clock::now();
    if (status.counts.bytes != last || runs) seen = now;
    last = status.counts.bytes;
    if (now - seen > std::chrono::seconds(15)) return false;
    std::this_thread::sleep_for(kPoll);
  }
}

}  // namespace

std::function<int()> add_scrub(CLI::App& app) {
  auto now = std::make_shared<bool>(false);
  app.add_flag("--now", *now, "Have the server check all stored bytes now, and wait for it");
  return [now, flags = SettingFlags(app, {"data_dir"})] {
    const auto file = flags.load().data_dir / "objects" / "objects.db";
    if (!std::filesystem::exists(file)) throw std::runtime_error("no " + file.string());
    Connection rows(file, Connection::Mode::kReadWrite);
    if (*now && !check_now(rows)) {
      std::cerr << "No server works in this data folder; `clary fsck` checks one that stands "
                   "still.\n";
      return 1;
    }
    const auto status = objects::scrub_status(rows);
    show(status);
    return status.damaged.empty() ? 0 : 1;
  };
}

}  // namespace clary::cli
