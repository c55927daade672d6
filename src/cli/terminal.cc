#include "cli/terminal.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <stdexcept>

namespace clary::cli {
namespace {

constexpr std::size_t kGap = 2;

bool starts_character(char byte) {
  return (static_cast<unsigned char>(byte) & 0xc0U) != 0x80;
}

std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(text, starts_character));
}

// The first `width` characters; the last one is an ellipsis when something was cut.
std::string fitted(const std::string& text, std::size_t width) {
  if (width_of(text) <= width) return text;
  std::string cut;
  std::size_t characters = 0;
  for (const char byte : text) {
    if (starts_character(byte) && ++characters >= width) break;
    cut.push_back(byte);
  }
  return cut + "…";
}

// The last column gets what is left, and where that is too little, the widest one gives way.
void fit(std::vector<std::size_t>& widths, std::size_t screen, std::size_t indent) {
  constexpr std::size_t kLeast = 10;
  std::size_t before = indent;
  for (std::size_t i = 0; i + 1 < widths.size(); ++i) before += widths[i] + kGap;
  const std::size_t last = std::min(widths.back(), kLeast);
  if (widths.size() > 1 && before + last > screen) {
    std::size_t& widest = *std::max_element(widths.begin(), std::prev(widths.end()));
    const std::size_t cut = std::min(before + last - screen, widest - std::min(widest, kLeast));
    widest -= cut;
    before -= cut;
  }
  widths.back() = std::min(widths.back(), screen > before + last ? screen - before : last);
}

}  // namespace

Terminal terminal_of(int file) {
  Terminal terminal;
  terminal.is_terminal = isatty(file) == 1;
  if (!terminal.is_terminal) return terminal;
  const char* off = std::getenv("NO_COLOR");
  const char* kind = std::getenv("TERM");
  terminal.colours =
      (off == nullptr || *off == '\0') && (kind == nullptr || std::string_view(kind) != "dumb");
  winsize size = {};
  terminal.width = ioctl(file, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
  return terminal;
}

std::string toned(const Terminal& terminal, Tone tone, std::string text) {
  if (!terminal.colours || tone == Tone::kPlain || text.empty()) return text;
  constexpr std::array<std::string_view, 5> kCodes{"", "32", "31", "33", "2"};
  return fmt::format("\x1b[{}m{}\x1b[0m", kCodes.at(static_cast<std::size_t>(tone)), text);
}

std::string printable(std::string_view text) {
  std::string clean;
  clean.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    // U+0080 to U+009F are control characters too: C2 80 to C2 9F.
    const bool wide_control =
        byte == 0xc2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xa0;
    if (wide_control) {
      clean.push_back('?');
      ++i;
    } else if (byte == '\t') {
      clean.push_back('\t');
    } else if (byte < 0x20 || byte == 0x7f) {
      clean.push_back(byte == '\n' || byte == '\r' ? ' ' : '?');
    } else {
      clean.push_back(text[i]);
    }
  }
  return clean;
}

std::string duration_text(std::chrono::milliseconds time) {
  const std::int64_t milliseconds = std::max<std::int64_t>(time.count(), 0);
  if (milliseconds < 9950) {
    return fmt::format("{:.1f}s", static_cast<double>(milliseconds) / 1000);
  }
  const std::int64_t seconds = (milliseconds + 500) / 1000;
  if (seconds < 60) return fmt::format("{}s", seconds);
  if (seconds < 3600) return fmt::format("{}m {:02}s", seconds / 60, seconds % 60);
  if (seconds < 86400) return fmt::format("{}h {:02}m", seconds / 3600, seconds / 60 % 60);
  return fmt::format("{}d {}h", seconds / 86400, seconds / 3600 % 24);
}

std::chrono::seconds parse_duration(const std::string& text) {
  std::int64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [unit, error] = std::from_chars(text.data(), end, number);
  constexpr std::int64_t kMost = 100000;
  if (error == std::errc() && unit + 1 == end && number >= 0 && number <= kMost) {
    switch (*unit) {
      case 's':
        return std::chrono::seconds(number);
      case 'm':
        return std::chrono::minutes(number);
      case 'h':
        return std::chrono::hours(number);
      case 'd':
        return std::chrono::days(number);
      default:
        break;
    }
  }
  throw std::invalid_argument("\"" + text + "\" is no time span; write it like 30s, 15m, 2h or 7d");
}

void Table::print(std::ostream& out, const Terminal& terminal, std::string_view indent) const {
  std::vector<std::size_t> widths;
  const auto measure = [&](std::size_t column, std::string_view text) {
    if (widths.size() <= column) widths.resize(column + 1);
    widths[column] = std::max(widths[column], width_of(text));
  };
  for (std::size_t i = 0; i < heads_.size(); ++i) measure(i, heads_[i]);
  for (const auto& row : rows_) {
    for (std::size_t i = 0; i < row.size(); ++i) measure(i, row[i].text);
  }
  if (widths.empty()) return;
  if (terminal.width > 0) fit(widths, terminal.width, indent.size());
  const auto line = [&](const std::vector<Cell>& row) {
    std::string text(indent);
    std::size_t missing = 0;  // blanks owed before the next cell: no line ends with them
    for (std::size_t i = 0; i < row.size(); ++i) {
      const std::string cell = fitted(row[i].text, widths[i]);
      if (!cell.empty()) {
        text.append(missing, ' ');
        text += toned(terminal, row[i].tone, cell);
        missing = 0;
      }
      missing += widths[i] + kGap - width_of(cell);
    }
    out << text << '\n';
  };
  if (!heads_.empty()) {
    std::vector<Cell> cells;
    for (const std::string& head : heads_) cells.push_back({head, Tone::kFaint});
    line(cells);
  }
  for (const auto& row : rows_) line(row);
}

}  // namespace clary::cli
