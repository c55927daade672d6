#include "agent/progress.h"

#include <gtest/gtest.h>

#include <vector>

namespace clary::agent {
namespace {

using std::chrono::milliseconds;

TEST(DownloadProgress, TellsWhatIsKnown) {
  DownloadProgress progress;
  EXPECT_EQ(progress.text(), "");
  progress.moved(1'200'000'000);  // an archive, whose size nobody told
  EXPECT_EQ(progress.text(), "1.2 GB");
  progress.expect(3'400'000'000, 900);
  for (int i = 0; i < 120; ++i) progress.object_done();
  EXPECT_EQ(progress.text(), "1.2 of 3.4 GB, 120 of 900 objects");
}

TEST(DownloadProgress, ObjectsWithoutSizes) {
  DownloadProgress progress;
  progress.expect(0, 3);
  progress.moved(2500);
  progress.object_done();
  EXPECT_EQ(progress.text(), "2.5 KB, 1 of 3 objects");
}

TEST(UploadProgress, TellsOnceASecondAndNothingOfShortOnes) {
  ManualClock clock{Timestamp(milliseconds(0))};
  std::vector<std::string> told;
  int asked = 0;
  UploadProgress progress(
      clock,
      [&] {
        ++asked;
        return 1000;
      },
      [&](const std::string& text) { told.push_back(text); });
  progress.moved(300);
  clock.advance(milliseconds(999));
  progress.moved(50);
  EXPECT_TRUE(told.empty());
  EXPECT_EQ(asked, 0);
  clock.advance(milliseconds(1));
  progress.moved(50);
  progress.moved(10);
  clock.advance(milliseconds(1500));
  progress.moved(10'000);
  EXPECT_EQ(told, (std::vector<std::string>{"40 %", "99 %"}));
  EXPECT_EQ(asked, 1);
}

}  // namespace
}  // namespace clary::agent
