#include "objects/scrub.h"

#include <fstream>

#include "objects/store_fixture.h"

namespace clary::objects {
namespace {

class ScrubTest : public StoreFixture {
 protected:
  ScrubTest() { scrub_ = store_->scrubber(fast()); }

  static ScrubOptions fast() {
    return {.every = std::chrono::hours(1), .bytes_per_second = std::uint64_t{1} << 40};
  }

  ScrubStatus status() {
    store::Connection rows(folder_.path() / "objects.db", store::Connection::Mode::kReadOnly);
    return scrub_status(rows);
  }

  // "key: reason" of all that is damaged.
  std::string damage() {
    std::string text;
    for (const auto& found : status().damaged) {
      text += found.key + (found.part > 0 ? "#" + std::to_string(found.part) : "") + ": " +
              found.reason + "\n";
    }
    return text;
  }

  std::vector<std::filesystem::path> files() const {
    std::vector<std::filesystem::path> found;
    for (const auto& entry :
         std::filesystem::recursive_directory_iterator(folder_.path() / "data")) {
      if (entry.is_regular_file()) found.push_back(entry.path());
    }
    return found;
  }

  static void flip_bit(const std::filesystem::path& file, std::streamoff at) {
    std::fstream stream(file, std::ios::binary | std::ios::in | std::ios::out);
    stream.seekg(at);
    const char byte = static_cast<char>(stream.get() ^ 1);
    stream.seekp(at);
    stream.put(byte);
  }

  void execute(const char* sql) {
    store::Connection rows(folder_.path() / "objects.db", store::Connection::Mode::kReadWrite);
    rows.execute(sql);
  }

  std::unique_ptr<Scrubber> scrub_;
};

TEST_F(ScrubTest, WholeBytesAreFoundWhole) {
  put("small", "bytes");
  put("empty", "");
  put("large", pattern(3'000'000));
  EXPECT_TRUE(scrub_->run());
  EXPECT_EQ(damage(), "");
  EXPECT_EQ(status().counts.objects, 3U);
  EXPECT_EQ(status().counts.bytes, 3'000'005U);
  EXPECT_EQ(status().counts.unverifiable, 0U);
  EXPECT_EQ(status().last_finished, clock_.now());
}

TEST_F(ScrubTest, ABitThatFlippedInAFileIsReported) {
  put("dir/large", pattern(3'000'000));
  flip_bit(files().front(), 2'000'000);
  scrub_->run();
  EXPECT_EQ(damage(), "dir/large: its bytes changed\n");
  const auto found = status().damaged.front();
  EXPECT_EQ(found.bucket, bucket_.str());
  EXPECT_EQ(found.version_id, "null");
  EXPECT_EQ(scrub_->damaged(), 1U);
}

TEST_F(ScrubTest, ABitThatFlippedInAnEncryptedFileIsReportedWithoutItsKey) {
  PutOptions options;
  options.encryption.scheme = "AES256";
  auto writer = store_->open_writer(100'000, WriteKey{keys::random_key()});
  writer->write(as_bytes(pattern(100'000)));
  ASSERT_TRUE(store_->put(bucket_, ObjectKey("sealed"), *writer, options));
  scrub_->run();
  EXPECT_EQ(damage(), "");
  flip_bit(files().front(), 5'000);
  scrub_->run();
  EXPECT_EQ(damage(), "sealed: its bytes changed\n");
}

TEST_F(ScrubTest, ABitThatFlippedInARowIsReportedAndNotAnswered) {
  put("small", "bytes");
  execute("UPDATE inline_objects SET bytes=CAST('bytez' AS BLOB)");
  scrub_->run();
  EXPECT_EQ(damage(), "small: its bytes changed\n");
  EXPECT_ANY_THROW(static_cast<void>(store_->get(bucket_, ObjectKey("small"))));
}

TEST_F(ScrubTest, AFileThatIsGoneOrCutIsReported) {
  put("gone", pattern(50'000));
  std::filesystem::remove(files().front());
  put("cut", pattern(50'000));
  std::filesystem::resize_file(files().front(), 49'999);
  scrub_->run();
  EXPECT_EQ(damage(), "cut: its file's size changed\ngone: its file is missing\n");
}

TEST_F(ScrubTest, PartsAreReportedByTheirNumber) {
  UploadInfo upload;
  upload.key = ObjectKey("m");
  const auto id = store_->create_upload(bucket_, upload)->upload_id;
  std::vector<CompletedPart> parts;
  for (const int number : {1, 2}) {
    const auto part = put_part("m", id, number, pattern(kMinPartBytes));
    parts.push_back({number, part->etag, {}});
  }
  ASSERT_TRUE(store_->complete_upload(bucket_, ObjectKey("m"), {id, parts, {}, {}}));
  scrub_->run();
  EXPECT_EQ(damage(), "");
  execute("UPDATE parts SET at_rest_crc=at_rest_crc+1 WHERE number=2");
  scrub_->run();
  EXPECT_EQ(damage(), "m#2: its bytes changed\n");
}

TEST_F(ScrubTest, WhatAnEarlierVersionWroteIsCheckedByItsEtag) {
  put("old", pattern(50'000));
  execute("UPDATE objects SET at_rest_crc=NULL");
  scrub_->run();
  EXPECT_EQ(damage(), "");
  EXPECT_EQ(status().counts.unverifiable, 0U);
  flip_bit(files().front(), 7);
  scrub_->run();
  EXPECT_EQ(damage(), "old: its bytes changed\n");
}

TEST_F(ScrubTest, DamageThatIsReplacedIsForgottenByTheNextPass) {
  put("k", pattern(50'000));
  flip_bit(files().front(), 7);
  scrub_->run();
  EXPECT_NE(damage(), "");
  put("k", "new bytes");
  clock_.advance(std::chrono::hours(2));
  scrub_->run();
  EXPECT_EQ(damage(), "");
  EXPECT_EQ(scrub_->damaged(), 0U);
}

TEST_F(ScrubTest, ManyVersionsOfAKeyAreAllChecked) {
  store_->set_versioning(bucket_, Versioning::kEnabled);
  for (int i = 0; i < 450; ++i) put("k", std::to_string(i));
  put("l", "x");
  scrub_->run();
  EXPECT_EQ(status().counts.objects, 451U);
}

TEST_F(ScrubTest, APassGoesOnAfterARestart) {
  for (int i = 0; i < 450; ++i) put("k" + std::to_string(i), "x");
  put("z", "x");
  scrub_->run();
  // As a server leaves it that was killed after two batches.
  execute(
      "UPDATE scrub_state SET finished=0,objects=400,bytes=400,bucket=1,is_current=1,key='k98',"
      "sequence=0");
  scrub_.reset();
  reopen();
  scrub_ = store_->scrubber(fast());
  scrub_->run();
  EXPECT_EQ(status().counts.objects, 402U);  // k99 and z
}

}  // namespace
}  // namespace clary::objects
