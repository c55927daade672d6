#include "cli/terminal.h"

#include <gtest/gtest.h>

#include <sstream>

namespace clary::cli {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(Terminal, ControlCharactersDoNotReachIt) {
  EXPECT_EQ(printable("a\x1b[2Jb\x7f"), "a?[2Jb?");
  EXPECT_EQ(printable("two\nlines\ttab"), "two lines\ttab");
  EXPECT_EQ(printable("gr\xc3\xbc\xc3\x9f"), "gr\xc3\xbc\xc3\x9f");
  EXPECT_EQ(printable("\xc2\x9b"
                      "2J"),
            "?2J");  // CSI as one character
}

TEST(Terminal, DurationsAreShort) {
  EXPECT_EQ(duration_text(milliseconds(370)), "0.4s");
  EXPECT_EQ(duration_text(milliseconds(-5)), "0.0s");
  EXPECT_EQ(duration_text(milliseconds(9960)), "10s");
  EXPECT_EQ(duration_text(seconds(185)), "3m 05s");
  EXPECT_EQ(duration_text(seconds(3600 + 7 * 60)), "1h 07m");
  EXPECT_EQ(duration_text(seconds(2 * 86400 + 3 * 3600)), "2d 3h");
}

TEST(Terminal, ReadsTimeSpans) {
  EXPECT_EQ(parse_duration("15m"), seconds(900));
  EXPECT_EQ(parse_duration("7d"), seconds(7 * 86400));
  for (const char* bad : {"", "m", "15", "1x", "-1m", "15mm", "999999999999d"}) {
    EXPECT_THROW(parse_duration(bad), std::invalid_argument) << bad;
  }
}

Table table() {
  Table made({"NAME", "DETAIL"});
  made.add({{"a"}, {"a long story"}});
  made.add({{"bcdefg", Tone::kBad}, {""}});
  return made;
}

TEST(Terminal, TablesAreAlignedAndWholeInPipes) {
  std::ostringstream out;
  table().print(out, Terminal{});
  EXPECT_EQ(out.str(), "NAME    DETAIL\na       a long story\nbcdefg\n");
}

TEST(Terminal, TheLastColumnIsCutToTheWidth) {
  std::ostringstream out;
  table().print(out, {.is_terminal = true, .colours = false, .width = 19});
  EXPECT_EQ(out.str(), "NAME    DETAIL\na       a long sto…\nbcdefg\n");
}

TEST(Terminal, ALongNameGivesWayToTheWidth) {
  Table made({"NAME", "STATUS", "DETAIL"});
  made.add({{std::string(63, 'n')}, {"Completed"}, {"a longer story than fits"}});
  std::ostringstream out;
  made.print(out, {.is_terminal = true, .colours = false, .width = 40});
  EXPECT_EQ(out.str(),
            "NAME               STATUS     DETAIL\nnnnnnnnnnnnnnnnn…  Completed  a longer …\n");
}

TEST(Terminal, ColoursOnlyWhereTheyAreWanted) {
  EXPECT_EQ(toned({}, Tone::kBad, "x"), "x");
  EXPECT_EQ(toned({.is_terminal = true, .colours = true, .width = 80}, Tone::kBad, "x"),
            "\x1b[31mx\x1b[0m");
}

}  // namespace
}  // namespace clary::cli
