// Makes lines durable and seals the head behind them, beside the thread that writes them: a disk
// may take its time, and lines that wait in memory meanwhile would die with the process.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <mutex>
#include <optional>
#include <thread>

#include "audit/head.h"

namespace clary::audit {

// owns: one thread. errors: logged, and tried again with the next head.
// order: the destructor does what was asked for first.
class HeadKeeper {
 public:
  HeadKeeper(std::filesystem::path folder, Seal seal);
  ~HeadKeeper();
  HeadKeeper(const HeadKeeper&) = delete;
  HeadKeeper& operator=(const HeadKeeper&) = delete;

  // Syncs `file`, which it takes over, then writes the head; a request that waits is replaced.
  void request(int file, Head head);
  // Waits until what was requested is done, well or not. True: the head is on disk.
  bool wait();

 private:
  struct Wanted {
    int file = -1;
    Head head;
  };
  void run();
  bool keep(const Wanted& wanted) const;

  const std::filesystem::path folder_;
  const Seal seal_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<Wanted> wanted_;
  bool busy_ = false, good_ = true, stopping_ = false;
  std::thread thread_;
};

}  // namespace clary::audit
