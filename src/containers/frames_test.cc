#include "containers/frames.h"

#include <gtest/gtest.h>

#include <string>

namespace clary::containers {
namespace {

std::string frame(char stream, const std::string& text) {
  std::string result(8, '\0');
  result[0] = stream;
  result[6] = static_cast<char>(text.size() >> 8U);
  result[7] = static_cast<char>(text.size() & 0xffU);
  return result + text;
}

struct Seen {
  std::string output, error;
  FrameReader reader(std::uint64_t skip_output = 0, std::uint64_t skip_error = 0) {
    return FrameReader(
        [this](Stream stream, std::string_view bytes) {
          (stream == Stream::kOutput ? output : error) += bytes;
        },
        skip_output, skip_error);
  }
};

TEST(Frames, KeepsTheStreamsApartHoweverTheBytesAreCut) {
  const std::string all = frame(1, "hello\n") + frame(2, "bad\n") + frame(1, "") +
                          frame(1, std::string(300, 'x')) + frame(0, "!");
  for (std::size_t cut = 1; cut <= all.size(); ++cut) {
    Seen seen;
    FrameReader reader = seen.reader();
    for (std::size_t at = 0; at < all.size(); at += cut) reader.feed(all.substr(at, cut));
    EXPECT_EQ(seen.output, "hello\n" + std::string(300, 'x') + "!") << cut;
    EXPECT_EQ(seen.error, "bad\n") << cut;
  }
}

TEST(Frames, DropsWhatWasReadBefore) {
  Seen seen;
  seen.reader(4, 1).feed(frame(1, "abc") + frame(2, "xyz") + frame(1, "def"));
  EXPECT_EQ(seen.output, "ef");
  EXPECT_EQ(seen.error, "yz");
}

TEST(Frames, RefusesWhatIsNoFrame) {
  Seen seen;
  EXPECT_THROW(seen.reader().feed("plain text of a terminal"), BadFrame);
  std::string padded = frame(1, "a");
  padded[2] = 1;
  EXPECT_THROW(seen.reader().feed(padded), BadFrame);
}

}  // namespace
}  // namespace clary::containers
