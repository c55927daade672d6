#include <gtest/gtest.h>

#include "objects/store_fixture.h"

namespace clary::objects {
namespace {

class UploadsTest : public StoreFixture {
 protected:
  std::string start(const std::string& key) {
    UploadInfo upload;
    upload.key = ObjectKey(key);
    upload.options.content_type = "a/b";
    upload.options.user_metadata = {{"m", "1"}};
    upload.checksum_algorithm = ChecksumAlgorithm::kCrc32;
    return store_->create_upload(bucket_, upload)->upload_id;
  }
  Outcome<ObjectInfo> complete(const std::string& key, const std::string& upload,
                               std::vector<CompletedPart> parts) {
    return store_->complete_upload(bucket_, ObjectKey(key), {upload, std::move(parts), {}, {}});
  }
  const std::string five_ = pattern(5 << 20);
};

TEST_F(UploadsTest, PartsBecomeTheObjectWithoutACopy) {
  const auto upload = start("k");
  const auto second = put_part("k", upload, 7, "tail").value();
  const auto first = put_part("k", upload, 2, five_).value();
  put_part("k", upload, 9, "not named in the end");
  EXPECT_EQ(file_count(), 3U);
  EXPECT_EQ(store_->parts(bucket_, ObjectKey("k"), upload, 2, 10)->size(), 2U);
  const auto info = complete("k", upload, {{2, first.etag, {}}, {7, second.etag, {}}});
  ASSERT_TRUE(info);
  EXPECT_TRUE(info->etag.ends_with("-2"));
  EXPECT_EQ(info->size, five_.size() + 4);
  EXPECT_EQ(file_count(), 2U);
  reopen();
  EXPECT_EQ(get("k"), five_ + "tail");
  const auto head = *store_->head(bucket_, ObjectKey("k")).value();
  EXPECT_EQ(head.part_sizes, (std::vector<std::uint64_t>{five_.size(), 4}));
  EXPECT_EQ(head.content_type, "a/b");
  EXPECT_EQ(store_->object_parts(bucket_, ObjectKey("k"), "", 0, 1)->front().number, 2);
  EXPECT_EQ(store_->upload(bucket_, ObjectKey("k"), upload).error(), StoreError::kNoSuchUpload);
  // A client that lost the answer asks again.
  EXPECT_EQ(complete("k", upload, {{2, first.etag, {}}})->etag, info->etag);
  put("k", "other");
  EXPECT_EQ(file_count(), 0U);
  EXPECT_FALSE(complete("k", upload, {{2, first.etag, {}}}));
}

TEST_F(UploadsTest, TheEtagIsTheDigestOfTheParts) {
  const auto upload = start("k");
  const auto part = put_part("k", upload, 1, "hello").value();
  // printf hello | openssl md5 -binary | openssl md5
  EXPECT_EQ(complete("k", upload, {{1, part.etag, {}}})->etag,
            "62109206880d38a4010a98e11243924a-1");
}

TEST_F(UploadsTest, WrongPartsAreRefused) {
  const auto upload = start("k");
  const auto small = put_part("k", upload, 1, "small").value();
  const auto other = put_part("k", upload, 2, "other").value();
  const auto error = [&](std::vector<CompletedPart> parts) {
    return complete("k", upload, std::move(parts)).error();
  };
  EXPECT_EQ(error({{2, other.etag, {}}, {1, small.etag, {}}}), StoreError::kInvalidPartOrder);
  EXPECT_EQ(error({{1, other.etag, {}}}), StoreError::kInvalidPart);
  EXPECT_EQ(error({{3, other.etag, {}}}), StoreError::kInvalidPart);
  EXPECT_EQ(error({}), StoreError::kInvalidPart);
  EXPECT_EQ(error({{1, small.etag, {}}, {2, other.etag, {}}}), StoreError::kPartTooSmall);
  EXPECT_EQ(put_part("k", "unknown", 1, "x").error(), StoreError::kNoSuchUpload);
  EXPECT_EQ(put_part("other key", upload, 1, "x").error(), StoreError::kNoSuchUpload);
  EXPECT_EQ(file_count(), 2U);
}

TEST_F(UploadsTest, APartUploadedAgainReplacesTheOld) {
  const auto upload = start("k");
  put_part("k", upload, 1, "old");
  const auto part = put_part("k", upload, 1, "new").value();
  EXPECT_EQ(file_count(), 1U);
  ASSERT_TRUE(complete("k", upload, {{1, part.etag, {}}}));
  EXPECT_EQ(get("k"), "new");
}

TEST_F(UploadsTest, AbortFreesTheParts) {
  const auto upload = start("k");
  put_part("k", upload, 1, five_);
  ASSERT_TRUE(store_->abort_upload(bucket_, ObjectKey("k"), upload));
  EXPECT_EQ(file_count(), 0U);
  EXPECT_EQ(store_->abort_upload(bucket_, ObjectKey("k"), upload).error(),
            StoreError::kNoSuchUpload);
}

TEST_F(UploadsTest, AReaderKeepsAllPartsOfAReplacedObject) {
  const auto upload = start("k");
  const auto a = put_part("k", upload, 1, five_).value();
  const auto b = put_part("k", upload, 2, "tail").value();
  ASSERT_TRUE(complete("k", upload, {{1, a.etag, {}}, {2, b.etag, {}}}));
  {
    auto content = store_->get(bucket_, ObjectKey("k"));
    ASSERT_TRUE(content);
    put("k", "new");
    std::string bytes(five_.size() + 4, '\0');
    EXPECT_EQ(content->read(0, bytes.data(), bytes.size()), bytes.size());
    EXPECT_EQ(bytes, five_ + "tail");
    std::string middle(10, '\0');
    EXPECT_EQ(content->read(five_.size() - 6, middle.data(), 10), 10U);
    EXPECT_EQ(middle, five_.substr(five_.size() - 6) + "tail");
    EXPECT_EQ(file_count(), 2U);
  }
  EXPECT_EQ(file_count(), 0U);
}

TEST_F(UploadsTest, ACopyOfAMultipartObjectIsOneObject) {
  const auto upload = start("k");
  const auto a = put_part("k", upload, 1, five_).value();
  const auto b = put_part("k", upload, 2, "tail").value();
  ASSERT_TRUE(complete("k", upload, {{1, a.etag, {}}, {2, b.etag, {}}}));
  const auto copied = copy("k", "c");
  ASSERT_TRUE(copied);
  EXPECT_EQ(copied->etag.find('-'), std::string::npos);
  EXPECT_EQ(get("c"), five_ + "tail");
}

TEST_F(UploadsTest, UploadsAreListedByKeyAndAge) {
  const auto b1 = start("b"), a = start("a"), b2 = start("b"), c = start("c");
  const auto ids = [&](std::string_view prefix, std::string_view key, std::string_view upload) {
    std::vector<std::string> result;
    for (const auto& info : store_->uploads(bucket_, prefix, key, upload, 10).value()) {
      result.push_back(info.upload_id);
    }
    return result;
  };
  EXPECT_EQ(ids("", "", ""), (std::vector<std::string>{a, b1, b2, c}));
  EXPECT_EQ(ids("", "b", ""), (std::vector<std::string>{c}));
  EXPECT_EQ(ids("", "b", b1), (std::vector<std::string>{b2, c}));
  EXPECT_EQ(ids("b", "", ""), (std::vector<std::string>{b1, b2}));
  EXPECT_TRUE(store_->delete_bucket(bucket_));  // uploads go with it
}

}  // namespace
}  // namespace clary::objects
