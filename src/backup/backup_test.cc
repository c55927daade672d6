// What needs no server; the rest is tests/faults/test_backup.py.
#include "backup/backup.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "backup/check.h"
#include "backup/folder_files.h"
#include "backup/restore.h"
#include "store/test_folder.h"

namespace clary::backup {
namespace {

using testing::HasSubstr;

void write(const std::filesystem::path& file, const std::string& text) {
  std::filesystem::create_directories(file.parent_path());
  std::ofstream(file, std::ios::binary | std::ios::trunc) << text;
}
std::string read(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}
template <class Work>
std::string message(Work work) {
  try {
    work();
  } catch (const std::exception& error) {
    return error.what();
  }
  return "";
}

// The least a data folder is: two databases, rows with files.
constexpr char kObjectTables[] = R"(
CREATE TABLE buckets(id INTEGER PRIMARY KEY, name TEXT NOT NULL);
CREATE TABLE objects(bucket INTEGER, key TEXT, size INTEGER, etag TEXT, file TEXT,
  inline_id INTEGER NOT NULL DEFAULT 0, parts_id INTEGER NOT NULL DEFAULT 0);
CREATE TABLE inline_objects(id INTEGER PRIMARY KEY, bytes BLOB NOT NULL);
CREATE TABLE uploads(id INTEGER PRIMARY KEY, upload_id TEXT, bucket INTEGER);
CREATE TABLE parts(upload INTEGER, number INTEGER, file TEXT, size INTEGER, etag TEXT);
INSERT INTO buckets VALUES(1,'b');
)";
constexpr store::Migration kObjectMigrations[] = {{"objects", 1, kObjectTables}};
constexpr store::Migration kMetadataMigrations[] = {{"documents", 1, "CREATE TABLE documents(a)"}};

class BackupTest : public testing::Test {
 protected:
  BackupTest() {
    std::filesystem::create_directories(data / "objects" / "data");
    metadata = std::make_unique<store::Database>(
        data / kMetadata, std::vector<std::span<const store::Migration>>{kMetadataMigrations});
    objects = std::make_unique<store::Database>(
        data / kObjects, std::vector<std::span<const store::Migration>>{kObjectMigrations});
    options.data_dir = data;
    options.to = folder / "backup";
    options.program = "test";
    options.now = Timestamp(std::chrono::milliseconds(1'795'000'000'000));
  }
  void put(const std::string& name, const std::string& body) {
    write(data_file(data / kData, name), body);
    objects->write([&](store::Connection& connection) {
      connection.statement("INSERT INTO objects VALUES(1,?1,?2,'',?1,0,0)")
          .bind(1, name)
          .bind(2, body.size())
          .run();
    });
  }
  BackupReport backup() {
    options.now += std::chrono::seconds(1);
    return make_backup(options);
  }

  store::TestFolder folder;
  const std::filesystem::path data = folder / "data";
  std::unique_ptr<store::Database> metadata, objects;
  BackupOptions options;
  const std::string one = "00000000000000000000000000000000aa01";
  const std::string two = "00000000000000000000000000000000aa02";
};

TEST_F(BackupTest, CopiesWhatRowsNameAndNothingElse) {
  put(one, "first");
  write(data_file(data / kData, two), "no row names it");
  write(data / "keyring.json", "{}");
  write(data / "root.key", "the root key");
  write(data / "runs" / "r" / "state", "of a job");
  const BackupReport report = backup();
  EXPECT_EQ(report.data_files, 1U);
  restore_backup({.from = options.to, .snapshot = "", .data_dir = folder / "restored"});
  EXPECT_EQ(read(data_file(folder / "restored" / kData, one)), "first");
  EXPECT_EQ(read(folder / "restored" / "keyring.json"), "{}");
  for (const auto& gone : {data_file(folder / "restored" / kData, two),
                           folder / "restored" / "root.key", folder / "restored" / "runs"}) {
    EXPECT_FALSE(std::filesystem::exists(gone)) << gone;
  }
}

TEST_F(BackupTest, CopiesAFileOnceAndForgetsWhatNoSnapshotHas) {
  put(one, "first");
  EXPECT_EQ(backup().copied_files, 1U);
  put(two, "second");
  EXPECT_EQ(backup().copied_files, 1U);
  objects->write([](store::Connection& connection) { connection.execute("DELETE FROM objects"); });
  options.keep = 1;
  const BackupReport last = backup();
  EXPECT_EQ(last.removed_snapshots, 2U);
  EXPECT_EQ(last.removed_files, 2U);
}

TEST_F(BackupTest, FileThatARowHasLostIsSaid) {
  put(one, "first");
  std::filesystem::remove(data_file(data / kData, one));
  EXPECT_THAT(message([&] { backup(); }), HasSubstr("clary fsck"));
  EXPECT_TRUE(snapshots(options.to).empty());
  const CheckReport check = check_folder({.data_dir = data, .seal = {}});
  ASSERT_EQ(check.problems.size(), 1U);
  EXPECT_THAT(check.problems[0], HasSubstr("lost its file"));
}

TEST_F(BackupTest, ManifestThatIsNotWholeIsRefused) {
  put(one, "first");
  const auto file = backup().snapshot / "manifest.json";
  const std::string good = read(file);
  const auto check = [&] {
    return message(
        [&] { restore_backup({.from = options.to, .snapshot = "", .data_dir = std::nullopt}); });
  };
  EXPECT_EQ(check(), "");
  for (const std::string& bad : {std::string(), good.substr(0, good.size() / 2),
                                 good.substr(0, good.size() - 1), "x" + good}) {
    write(file, bad);
    EXPECT_THAT(check(), HasSubstr("manifest.json is damaged"));
  }
  // A later format, well sealed.
  Manifest later;
  later.format = kFormat + 1;
  write_manifest(file.parent_path(), later);
  EXPECT_THAT(check(), HasSubstr("this program knows 1"));
  // Paths that lead out of the folder.
  Manifest evil;
  evil.files["../../outside"] = {};
  write_manifest(file.parent_path(), evil);
  EXPECT_THAT(check(), HasSubstr("odd files"));
}

TEST_F(BackupTest, ReferencesAreChecked) {
  objects->write([](store::Connection& connection) {
    connection.execute(
        "INSERT INTO objects VALUES(9,'lost-bucket',0,'','',0,0);"
        "INSERT INTO objects VALUES(1,'lost-bytes',4,'','',7,0);"
        "INSERT INTO objects VALUES(1,'lost-parts',4,'','',0,8);");
  });
  const CheckReport check = check_folder({.data_dir = data, .seal = {}});
  for (const char* key : {"lost-bucket", "lost-bytes", "lost-parts"}) {
    EXPECT_THAT(check.problems, testing::Contains(HasSubstr(key)));
  }
}

TEST(FolderFiles, NamesAreHexadecimal) {
  EXPECT_TRUE(is_data_name("76b0d573ab0122dc6145b566a86837eaf3b5"));
  for (const char* odd : {"", "../../../etc/passwd", "76b0", "76b0d573ab0122dc/145b566a86837ea"}) {
    EXPECT_FALSE(is_data_name(odd)) << odd;
  }
}

}  // namespace
}  // namespace clary::backup
