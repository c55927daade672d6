#include "containers/frames.h"

#include <algorithm>
#include <cstring>

namespace clary::containers {

void FrameReader::pass(std::string_view bytes) {
  std::uint64_t& skip = skip_[static_cast<std::size_t>(stream_)];
  const auto dropped = static_cast<std::size_t>(std::min<std::uint64_t>(skip, bytes.size()));
  skip -= dropped;
  bytes.remove_prefix(dropped);
  if (!bytes.empty()) take_(stream_, bytes);
}

void FrameReader::feed(std::string_view bytes) {
  constexpr unsigned kStandardError = 2;
  while (!bytes.empty()) {
    if (left_ > 0) {
      const auto piece = std::min<std::size_t>(left_, bytes.size());
      pass(bytes.substr(0, piece));
      left_ -= static_cast<std::uint32_t>(piece);
      bytes.remove_prefix(piece);
      continue;
    }
    const std::size_t wanted = std::min(head_.size() - head_bytes_, bytes.size());
    std::memcpy(head_.data() + head_bytes_, bytes.data(), wanted);
    head_bytes_ += wanted;
    bytes.remove_prefix(wanted);
    if (head_bytes_ < head_.size()) return;
    head_bytes_ = 0;
    if (head_[0] > kStandardError || head_[1] != 0 || head_[2] != 0 || head_[3] != 0) {
      throw BadFrame("the container runtime sent output that is not framed");
    }
    stream_ = head_[0] == kStandardError ? Stream::kError : Stream::kOutput;
    left_ = 0;
    for (std::size_t i = 4; i < head_.size(); ++i) left_ = left_ << 8U | head_[i];
  }
}

}  // namespace clary::containers
