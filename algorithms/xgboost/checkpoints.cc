#include "algorithms/xgboost/checkpoints.h"

#include <charconv>
#include <system_error>

#include "algorithms/container/contract.h"

namespace clary::algorithms::xgboost {
namespace {

namespace fs = std::filesystem;
constexpr std::string_view kPrefix = "xgboost-checkpoint.";
constexpr std::size_t kKept = 5;
constexpr std::chrono::milliseconds kPause{200};

// The round in the file's name, or nothing when it is no checkpoint.
std::optional<int> round_of(const fs::path& path) {
  const std::string name = path.filename().string();
  if (!name.starts_with(kPrefix)) return std::nullopt;
  int round = 0;
  const char* end = name.data() + name.size();
  const auto [stop, error] = std::from_chars(name.data() + kPrefix.size(), end, round);
  if (error != std::errc() || stop != end) return std::nullopt;
  return round;
}

}  // namespace

std::optional<std::string> Checkpoints::newest() const {
  std::error_code error;
  fs::path best;
  int best_round = -1;
  for (const auto& entry : fs::directory_iterator(folder_, error)) {
    const auto round = round_of(entry.path());
    if (round && *round > best_round) {
      best_round = *round;
      best = entry.path();
    }
  }
  if (best_round < 0) return std::nullopt;
  return read_whole_file(best);
}

void Checkpoints::after_round(int round, const Booster& booster) {
  const auto now = std::chrono::steady_clock::now();
  if (round + 1 < rounds_ && now - last_ < kPause) return;
  save(round, booster);
  last_ = now;
}

void Checkpoints::save(int round, const Booster& booster) {
  fs::create_directories(folder_);
  const fs::path path = folder_ / (std::string(kPrefix) + std::to_string(round));
  write_file_atomically(path, booster.save_ubjson());
  saved_.push_back(path);
  if (saved_.size() <= kKept) return;
  std::error_code ignored;
  fs::remove(saved_.front(), ignored);
  saved_.pop_front();
}

}  // namespace clary::algorithms::xgboost
