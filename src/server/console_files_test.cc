#include "server/console_files.h"

#include <gtest/gtest.h>

#include <fstream>

#include "store/test_folder.h"

namespace clary::server {
namespace {

class ConsoleFilesTest : public testing::Test {
 protected:
  ConsoleFilesTest() {
    std::filesystem::create_directories(folder_.path() / "console" / "assets");
    put("index.html", "<html>");
    put("index.html.br", "B");
    put("index.html.gz", "GZ");
    put("favicon.svg", "<svg/>");
    put("assets/app-1a2b.js", "code");
    put("assets/app-1a2b.js.gz", "G");
    std::ofstream(folder_.path() / "secret.json") << "{}";
    std::filesystem::create_symlink(folder_.path() / "secret.json",
                                    folder_.path() / "console" / "assets" / "link.json");
  }
  void put(const std::string& name, const std::string& text) {
    std::ofstream(folder_.path() / "console" / name) << text;
  }

  store::TestFolder folder_;
  ConsoleFiles files_{folder_.path() / "console"};
};

TEST_F(ConsoleFilesTest, FilesComeAsTheBrowserCanReadThem) {
  const auto plain = files_.open("assets/app-1a2b.js", "");
  ASSERT_TRUE(plain);
  EXPECT_EQ(plain->length, 4U);
  EXPECT_EQ(plain->type, "text/javascript; charset=utf-8");
  EXPECT_EQ(plain->encoding, "");
  EXPECT_TRUE(plain->immutable);
  // No .br of it was made.
  EXPECT_EQ(files_.open("assets/app-1a2b.js", "gzip, deflate, br")->encoding, "gzip");
  const auto index = files_.open("", "gzip, deflate, br;q=0.9");
  EXPECT_EQ(index->encoding, "br");
  EXPECT_EQ(index->length, 1U);
  EXPECT_FALSE(index->immutable);
  EXPECT_EQ(files_.open("", "br;q=0, gzip")->encoding, "gzip");
  EXPECT_EQ(files_.open("", "identity")->encoding, "");
  EXPECT_EQ(files_.open("favicon.svg", "br")->type, "image/svg+xml");
}

TEST_F(ConsoleFilesTest, AddressesOfPagesAnswerTheIndex) {
  for (const char* path : {"", "training/jobs", "training/jobs/my.job.v1", "data/b/%C3%A4.json"}) {
    const auto page = files_.open(path, "");
    ASSERT_TRUE(page) << path;
    EXPECT_EQ(page->type, "text/html; charset=utf-8") << path;
  }
}

TEST_F(ConsoleFilesTest, NothingOutsideTheFolder) {
  for (const char* path :
       {"assets/gone.js", "assets/../index.html", "assets/../../secret.json", "assets/link.json",
        "assets/", "assets", "assets/app-1a2b.js.gz", "assets//app-1a2b.js", "assets/.hidden.js",
        "assets/%2e%2e/secret.json", "gone.svg", "..json"}) {
    const auto found = files_.open(path, "");
    EXPECT_TRUE(!found || found->type.starts_with("text/html")) << path;
  }
}

TEST_F(ConsoleFilesTest, AFolderThatIsBuiltLater) {
  const ConsoleFiles later(folder_.path() / "later");
  EXPECT_FALSE(later.built());
  EXPECT_FALSE(later.open("", ""));
  std::filesystem::create_directories(folder_.path() / "later");
  std::ofstream(folder_.path() / "later" / "index.html") << "<html>";
  EXPECT_TRUE(later.built());
  EXPECT_TRUE(later.open("", ""));
}

}  // namespace
}  // namespace clary::server
