#include "agent/log_lines.h"

namespace clary::agent {
namespace {

// Length of the well-formed UTF-8 sequence that starts `text`; 0 when there is none (RFC 3629).
std::size_t sequence_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned first = byte(0);
  if (first < 0x80) return 1;
  const std::size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0U) != 0x80) return 0;
  }
  const unsigned second = byte(1);
  if ((first == 0xe0 && second < 0xa0) || (first == 0xed && second > 0x9f) ||
      (first == 0xf0 && second < 0x90) || (first == 0xf4 && second > 0x8f)) {
    return 0;  // overlong, a surrogate, or past U+10FFFF
  }
  return length;
}

// Where to cut so that at most `limit` bytes go first and no character is split.
std::size_t cut_point(std::string_view text, std::size_t limit) {
  std::size_t at = limit;
  for (int back = 0; back < 3 && at > 0; ++back) {
    if ((static_cast<unsigned char>(text[at]) & 0xc0U) != 0x80) return at;
    --at;
  }
  return at > 0 && (static_cast<unsigned char>(text[at]) & 0xc0U) != 0x80 ? at : limit;
}

}  // namespace

std::string valid_utf8(std::string_view bytes) {
  std::size_t good = 0;
  while (good < bytes.size()) {
    const std::size_t length = sequence_length(bytes.substr(good));
    if (length == 0) break;
    good += length;
  }
  std::string text(bytes.substr(0, good));
  while (good < bytes.size()) {
    const std::size_t length = sequence_length(bytes.substr(good));
    if (length == 0) {
      text += "\xef\xbf\xbd";
      ++good;
    } else {
      text.append(bytes.substr(good, length));
      good += length;
    }
  }
  return text;
}

void LineSplitter::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto newline = bytes.find('\n');
    if (newline == std::string_view::npos) {
      rest_.append(bytes);
      // Pieces of a line without end are given on, so that memory stays bounded.
      while (rest_.size() > kLongestLine) {
        const std::size_t cut = cut_point(rest_, kLongestLine);
        give(std::string_view(rest_).substr(0, cut));
        rest_.erase(0, cut);
      }
      return;
    }
    if (rest_.empty()) {
      line(bytes.substr(0, newline));
    } else {
      rest_.append(bytes.substr(0, newline));
      line(rest_);
      rest_.clear();
    }
    bytes.remove_prefix(newline + 1);
  }
}

void LineSplitter::line(std::string_view text) {
  while (text.size() > kLongestLine) {
    const std::size_t cut = cut_point(text, kLongestLine);
    give(text.substr(0, cut));
    text.remove_prefix(cut);
  }
  give(text);
}

void LineSplitter::give(std::string_view text) {
  emit_(valid_utf8(text));
}

void LineSplitter::finish() {
  if (!rest_.empty()) line(rest_);
  rest_.clear();
}

}  // namespace clary::agent
