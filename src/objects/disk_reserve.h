// Room kept back on the disk, so that deleting works when nothing else does: a delete writes a few
// pages before it frees any.
#pragma once

#include <cstdint>
#include <filesystem>
#include <mutex>

namespace clary::objects {

// A file of kBytes that holds nothing. threads: any. blocks: shortly. errors: none; a disk that is
// full already has no reserve until there is room.
class DiskReserve {
 public:
  static constexpr std::int64_t kBytes = 4 << 20;

  explicit DiskReserve(std::filesystem::path file);

  // Gives the room back to the disk. False when there was none to give.
  bool release();
  // Takes it again, when it is out and the disk has the room. Costs nothing otherwise.
  void take();

 private:
  const std::filesystem::path file_;
  std::mutex mutex_;
  bool held_ = false;
};

}  // namespace clary::objects
