// What people see: tables, colours where there is a terminal, times and sizes in words.
#pragma once

#include <chrono>
#include <cstdint>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

namespace clary::cli {

// Where output goes. Colours and cut lines are for a terminal alone; NO_COLOR turns colours off.
struct Terminal {
  bool is_terminal = false;
  bool colours = false;
  std::size_t width = 0;  // columns; 0: lines are never cut
};
Terminal terminal_of(int file);

enum class Tone { kPlain, kGood, kBad, kBusy, kFaint };
std::string toned(const Terminal& terminal, Tone tone, std::string text);

// Names, reasons and log lines are other people's: control characters must not reach a terminal.
std::string printable(std::string_view text);

std::string duration_text(std::chrono::milliseconds time);  // 0.4s, 12s, 3m 05s, 1h 07m, 2d 3h
// 30s, 15m, 2h, 7d. Throws std::invalid_argument that says so.
std::chrono::seconds parse_duration(const std::string& text);

struct Cell {
  std::string text;
  Tone tone = Tone::kPlain;
};

// Columns as wide as their longest cell; the last one gets what is left of the terminal's width,
// and the widest one is cut where nothing is left.
class Table {
 public:
  explicit Table(std::vector<std::string> heads) : heads_(std::move(heads)) {}
  void add(std::vector<Cell> row) { rows_.push_back(std::move(row)); }
  bool empty() const { return rows_.empty(); }
  void print(std::ostream& out, const Terminal& terminal, std::string_view indent = {}) const;

 private:
  std::vector<std::string> heads_;  // none: no line of heads
  std::vector<std::vector<Cell>> rows_;
};

}  // namespace clary::cli
