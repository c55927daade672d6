#include "objects/object_store.h"

#include <gtest/gtest.h>

#include <thread>

#include "base/text.h"
#include "objects/store_fixture.h"

namespace clary::objects {
namespace {

class ObjectStoreTest : public StoreFixture {};

TEST_F(ObjectStoreTest, BucketsAreMadeListedAndRemoved) {
  EXPECT_EQ(store_->create_bucket({BucketName("b"), "1", "r", {}}).error(),
            StoreError::kBucketOwnedByYou);
  EXPECT_EQ(store_->create_bucket({BucketName("b"), "2", "r", {}}).error(),
            StoreError::kBucketExists);
  ASSERT_TRUE(store_->create_bucket({BucketName("a"), "1", "eu-west-1", {}}));
  const auto buckets = store_->buckets("1");
  ASSERT_EQ(buckets.size(), 2U);
  EXPECT_EQ(buckets[0].name.str(), "a");
  EXPECT_EQ(buckets[0].created, clock_.now());
  put("k", "x");
  EXPECT_EQ(store_->delete_bucket(bucket_).error(), StoreError::kBucketNotEmpty);
  ASSERT_TRUE(store_->remove(bucket_, {.key = ObjectKey("k")}));
  EXPECT_TRUE(store_->delete_bucket(bucket_));
  EXPECT_EQ(store_->delete_bucket(bucket_).error(), StoreError::kNoSuchBucket);
  EXPECT_EQ(try_put("k", "x").error(), StoreError::kNoSuchBucket);
  reopen();
  EXPECT_EQ(store_->buckets("1").size(), 1U);
}

TEST_F(ObjectStoreTest, BytesOfEverySizeComeBack) {
  for (const std::size_t size : {0UL, 1UL, 1000UL, kInlineBytes, kInlineBytes + 1, 3'000'000UL}) {
    const auto bytes = pattern(size);
    const auto key = "k" + std::to_string(size);
    const auto info = put(key, bytes);
    EXPECT_EQ(info.size, size);
    EXPECT_EQ(get(key), bytes);
    EXPECT_EQ(get(key), bytes);  // from the cache, if it is there
    reopen();
    EXPECT_EQ(get(key), bytes);
    EXPECT_EQ(store_->head(bucket_, ObjectKey(key)).value()->etag, info.etag);
  }
  EXPECT_EQ(put("e", "").etag, "d41d8cd98f00b204e9800998ecf8427e");
  EXPECT_EQ(put("h", "hello").etag, "5d41402abc4b2a76b9719d911017c592");
}

TEST_F(ObjectStoreTest, MetadataComesBack) {
  PutOptions options;
  options.content_type = "text/csv";
  options.user_metadata = {{"a", "1"}, {"b", "\xc3\xa4"}};
  options.system_headers = {{"cache-control", "no-cache"}};
  options.checksums = {{ChecksumAlgorithm::kCrc32, "AAAAAA==", false}};
  options.tags = {{"t", "v"}};
  options.owner = "111122223333";
  options.acl = "first";
  ASSERT_TRUE(try_put("k", "x", options));
  reopen();
  const auto info = *store_->head(bucket_, ObjectKey("k")).value();
  EXPECT_EQ(info.content_type, "text/csv");
  EXPECT_EQ(info.user_metadata, options.user_metadata);
  EXPECT_EQ(info.system_headers, options.system_headers);
  EXPECT_EQ(info.checksums, options.checksums);
  EXPECT_EQ(info.tags, options.tags);
  ASSERT_TRUE(store_->set_tags(bucket_, {ObjectKey("k"), ""}, {{"n", "w"}}));
  EXPECT_EQ(store_->head(bucket_, ObjectKey("k")).value()->tags.at("n"), "w");
  EXPECT_EQ(store_->set_tags(bucket_, {ObjectKey("none"), ""}, {}).error(), StoreError::kNoSuchKey);
  EXPECT_EQ(info.owner, options.owner);
  EXPECT_EQ(info.acl, "first");
  ASSERT_TRUE(store_->set_acl(bucket_, {ObjectKey("k"), ""}, "second"));
  const auto changed = *store_->head(bucket_, ObjectKey("k")).value();
  EXPECT_EQ(changed.acl, "second");
  EXPECT_EQ(changed.owner, options.owner);
  EXPECT_EQ(changed.user_metadata, options.user_metadata);
  EXPECT_EQ(store_->set_acl(bucket_, {ObjectKey("none"), ""}, "").error(), StoreError::kNoSuchKey);
}

TEST_F(ObjectStoreTest, OverwritingAndRemovingFreeTheFiles) {
  put("k", pattern(100'000));
  EXPECT_EQ(file_count(), 1U);
  put("k", pattern(200'000));
  EXPECT_EQ(file_count(), 1U);
  EXPECT_EQ(get("k").size(), 200'000U);
  put("k", "small");
  EXPECT_EQ(file_count(), 0U);
  EXPECT_EQ(get("k"), "small");
  put("k", pattern(100'000));
  ASSERT_TRUE(store_->remove(bucket_, {.key = ObjectKey("k")}));
  EXPECT_EQ(file_count(), 0U);
  EXPECT_EQ(store_->get(bucket_, ObjectKey("k")).error(), StoreError::kNoSuchKey);
  EXPECT_TRUE(store_->remove(bucket_, {.key = ObjectKey("k")}));
}

TEST_F(ObjectStoreTest, AnOpenReaderKeepsItsObject) {
  const auto old = pattern(100'000);
  put("k", old);
  auto content = store_->get(bucket_, ObjectKey("k"));
  ASSERT_TRUE(content);
  put("k", "new");
  std::string read(old.size(), '\0');
  EXPECT_EQ(content->read(0, read.data(), read.size()), old.size());
  EXPECT_EQ(read, old);
}

TEST_F(ObjectStoreTest, AWriterThatIsDroppedLeavesNothing) {
  {
    auto writer = store_->open_writer(std::nullopt);
    writer->write(as_bytes(pattern(500'000)));
    EXPECT_EQ(file_count(), 1U);
  }
  EXPECT_EQ(file_count(), 0U);
  auto writer = store_->open_writer(100'000);
  writer->write(as_bytes(pattern(100'000)));
  EXPECT_FALSE(store_->put(BucketName("none"), ObjectKey("k"), *writer, {}));
  EXPECT_EQ(file_count(), 0U);
}

TEST_F(ObjectStoreTest, ConditionsAreCheckedInTheCommit) {
  PutOptions create;
  create.if_none_match = true;
  const auto first = try_put("k", "1", create);
  ASSERT_TRUE(first);
  EXPECT_EQ(try_put("k", pattern(100'000), create).error(), StoreError::kPreconditionFailed);
  EXPECT_EQ(file_count(), 0U);
  PutOptions replace;
  replace.if_match = "\"" + first->etag + "\"";
  ASSERT_TRUE(try_put("k", "2", replace));
  EXPECT_EQ(try_put("k", "3", replace).error(), StoreError::kPreconditionFailed);
  EXPECT_EQ(try_put("none", "3", replace).error(), StoreError::kNoSuchKey);
  // Of many that create the same key, one wins.
  std::atomic<int> won = 0;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 8; ++i) {
      threads.emplace_back([&] { won += try_put("race", "x", create).has_value() ? 1 : 0; });
    }
  }
  EXPECT_EQ(won, 1);
}

TEST_F(ObjectStoreTest, KeysAreNeverPaths) {
  for (const std::string key : {"../../etc/passwd", "/", "a//b", "\xf0\x9f\x98\x80", "x\n y"}) {
    put(key, pattern(50'000));
    EXPECT_EQ(get(key).size(), 50'000U);
  }
  EXPECT_EQ(file_count(), 5U);
}

TEST_F(ObjectStoreTest, CopiesShareNothingVisible) {
  for (const std::size_t size : {10UL, 100'000UL}) {
    PutOptions options;
    options.content_type = "a/b";
    options.user_metadata = {{"m", "1"}};
    ASSERT_TRUE(try_put("src", pattern(size), options));
    const auto copied = copy("src", "dst");
    ASSERT_TRUE(copied);
    EXPECT_EQ(copied->content_type, "a/b");
    ASSERT_TRUE(store_->remove(bucket_, {.key = ObjectKey("src")}));
    EXPECT_EQ(get("dst"), pattern(size));
    EXPECT_EQ(store_->head(bucket_, ObjectKey("dst")).value()->user_metadata.at("m"), "1");
    PutOptions other;
    other.content_type = "c/d";
    const auto replaced = copy("dst", "dst", other);
    ASSERT_TRUE(replaced);
    EXPECT_EQ(replaced->content_type, "c/d");
    EXPECT_TRUE(replaced->user_metadata.empty());
    EXPECT_EQ(get("dst"), pattern(size));
    ASSERT_TRUE(store_->remove(bucket_, {.key = ObjectKey("dst")}));
  }
  EXPECT_EQ(file_count(), 0U);
  EXPECT_EQ(copy("none", "dst").error(), StoreError::kNoSuchKey);
}

TEST_F(ObjectStoreTest, ListsInByteOrderWithPrefixAndDelimiter) {
  for (const auto* key : {"asdf", "boo/bar", "boo/baz/xyzzy", "cquux/thud", "cquux/bla", "zoo"}) {
    put(key, "x");
  }
  EXPECT_EQ(listed("", "", 2), "asdf boo/bar | boo/baz/xyzzy cquux/bla | cquux/thud zoo");
  EXPECT_EQ(listed("", "/", 1), "asdf | [boo/] | [cquux/] | zoo");
  EXPECT_EQ(listed("", "/", 2), "asdf [boo/] | [cquux/] zoo");
  EXPECT_EQ(listed("boo/", "/", 1), "boo/bar | [boo/baz/]");
  EXPECT_EQ(listed("boo", "", 9), "boo/bar boo/baz/xyzzy");
  EXPECT_EQ(listed("boo", "/", 9), "[boo/]");
  EXPECT_EQ(listed("", "z/x", 9), "asdf boo/bar [boo/baz/x] cquux/bla cquux/thud zoo");
  EXPECT_EQ(listed("nothing", "", 9), "");
  EXPECT_EQ(listed("", "", 0), "");
  ListQuery inside{bucket_, "", "/", "boo/bar", 9};
  EXPECT_EQ(store_->list(inside)->common_prefixes, (std::vector<std::string>{"boo/", "cquux/"}));
}

TEST_F(ObjectStoreTest, ListsUnusualBytes) {
  for (const std::string key : {"a", "a\x01", "a b", "\xef\xbf\xbf", "\xf4\x8f\xbf\xbf", "a/"}) {
    put(key, "x");
  }
  EXPECT_EQ(listed("a", "", 2), "a a\x01 | a b a/");
  EXPECT_EQ(listed("\xf4\x8f\xbf\xbf", "", 2), "\xf4\x8f\xbf\xbf");
  EXPECT_EQ(listed("\xef\xbf\xbf", "\xbf", 2), "\xef\xbf\xbf");
}

TEST_F(ObjectStoreTest, BucketConfigsAreKept) {
  ASSERT_TRUE(store_->set_bucket_config(bucket_, "cors", "<x/>"));
  reopen();
  EXPECT_EQ(store_->bucket_config(bucket_, "cors").value(), "<x/>");
  ASSERT_TRUE(store_->set_bucket_config(bucket_, "cors", std::nullopt));
  EXPECT_EQ(store_->bucket_config(bucket_, "cors").value(), std::nullopt);
}

TEST_F(ObjectStoreTest, ReadersAndWritersOfOneKeySeeWholeObjects) {
  const auto small = pattern(900), large = pattern(120'000);
  put("k", small);
  std::atomic<bool> stop = false;
  std::vector<std::jthread> readers;
  for (int i = 0; i < 3; ++i) {
    readers.emplace_back([&] {
      while (!stop) {
        const auto bytes = get("k");
        EXPECT_TRUE(bytes == small || bytes == large) << bytes.size();
      }
    });
  }
  for (int i = 0; i < 60; ++i) put("k", i % 2 == 0 ? large : small);
  stop = true;
}

}  // namespace
}  // namespace clary::objects
