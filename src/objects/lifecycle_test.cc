// Which versions lifecycle rules remove, and when.
#include "objects/lifecycle.h"

#include "objects/lifecycle_sweep.h"
#include "objects/store_fixture.h"

namespace clary::objects {
namespace {

using std::chrono::days;

class LifecycleTest : public StoreFixture {
 protected:
  void rules(const std::string& text) {
    ASSERT_TRUE(store_->set_lifecycle(bucket_, R"({"Rules":[)" + text + "]}"));
  }
  void sweep() { LifecycleSweep(*store_, clock_, days(1)).sweep(); }
  std::string versions() {
    std::string text;
    for (const auto& info : store_->list_versions({bucket_, "", "", "", ""})->versions) {
      text += (text.empty() ? "" : " ") + info.key.str();
      text += info.delete_marker ? "!" : ":" + std::to_string(info.size);
    }
    return text;
  }
  void versioned() { ASSERT_TRUE(store_->set_versioning(bucket_, Versioning::kEnabled)); }
  void remove(const std::string& key) {
    ASSERT_TRUE(store_->remove(bucket_, {.key = ObjectKey(key)}));
  }
};

TEST_F(LifecycleTest, DaysEndAtMidnight) {
  const Timestamp noon(std::chrono::sys_days(std::chrono::year(2014) / 1 / 15) +
                       std::chrono::hours(12));
  EXPECT_EQ(http_date(due(noon, 3, days(1))), "Sun, 19 Jan 2014 00:00:00 GMT");
  EXPECT_EQ(due(noon, 3, std::chrono::seconds(10)), noon + std::chrono::seconds(30));
}

TEST_F(LifecycleTest, ObjectsExpire) {
  rules(R"({"ID":"a","Status":"Enabled","Prefix":"a/","Expiration":{"Days":2}},
           {"ID":"b","Status":"Disabled","Prefix":"b/","Expiration":{"Days":1}},
           {"ID":"c","Status":"Enabled","Filter":{"And":{"Tags":[{"Key":"t","Value":"v"}],
             "ObjectSizeGreaterThan":1}},"Expiration":{"Date":1700006400}})");
  put("a/1", "1");
  put("b/1", "1");
  PutOptions tagged;
  tagged.tags = {{"t", "v"}, {"u", "w"}};
  ASSERT_TRUE(try_put("c/1", "1", tagged));
  ASSERT_TRUE(try_put("c/22", "22", tagged));
  sweep();
  EXPECT_EQ(versions(), "a/1:1 b/1:1 c/1:1 c/22:2");
  clock_.advance(days(1));
  sweep();
  EXPECT_EQ(versions(), "a/1:1 b/1:1 c/1:1");
  clock_.advance(days(2));
  sweep();
  EXPECT_EQ(versions(), "b/1:1 c/1:1");
  reopen();
  EXPECT_EQ(store_->bucket(bucket_)->lifecycle->rules.size(), 3U);
  ASSERT_TRUE(store_->set_lifecycle(bucket_, std::nullopt));
  EXPECT_FALSE(store_->bucket(bucket_)->lifecycle);
}

TEST_F(LifecycleTest, CurrentVersionsAreHidden) {
  versioned();
  rules(R"({"ID":"a","Status":"Enabled","Prefix":"","Expiration":{"Days":1}})");
  put("k", "1");
  clock_.advance(days(2));
  sweep();
  EXPECT_EQ(versions(), "k! k:1");
  // A marker before a version stays, however old.
  clock_.advance(days(5));
  sweep();
  EXPECT_EQ(versions(), "k! k:1");
}

TEST_F(LifecycleTest, NoncurrentVersionsGo) {
  versioned();
  rules(R"({"ID":"a","Status":"Enabled","Prefix":"","NoncurrentVersionExpiration":
            {"NoncurrentDays":1,"NewerNoncurrentVersions":2}})");
  for (const auto* bytes : {"1", "22", "333", "4444", "55555"}) put("k", bytes);
  sweep();
  EXPECT_EQ(versions(), "k:5 k:4 k:3 k:2 k:1");
  clock_.advance(days(2));
  sweep();
  EXPECT_EQ(versions(), "k:5 k:4 k:3");
}

TEST_F(LifecycleTest, LoneDeleteMarkersGo) {
  versioned();
  rules(R"({"ID":"a","Status":"Enabled","Filter":{},"Expiration":
            {"ExpiredObjectDeleteMarker":true},
            "NoncurrentVersionExpiration":{"NoncurrentDays":1}})");
  put("a", "1");
  remove("a");
  put("b", "1");
  remove("b");
  put("b", "22");
  remove("none");
  sweep();
  EXPECT_EQ(versions(), "a! a:1 b:2 b! b:1");
  clock_.advance(days(2));
  sweep();
  EXPECT_EQ(versions(), "a! b:2");
  sweep();
  EXPECT_EQ(versions(), "b:2");
}

TEST_F(LifecycleTest, LockedVersionsStay) {
  versioned();
  ASSERT_TRUE(store_->set_object_lock(bucket_, {LockMode::kGovernance, 10, 0}));
  rules(R"({"ID":"a","Status":"Enabled","Prefix":"","NoncurrentVersionExpiration":
            {"NoncurrentDays":1}})");
  put("k", "1");
  put("k", "22");
  clock_.advance(days(3));
  sweep();
  EXPECT_EQ(versions(), "k:2 k:1");
  clock_.advance(days(8));
  sweep();
  EXPECT_EQ(versions(), "k:2");
}

TEST_F(LifecycleTest, UploadsAreAborted) {
  rules(R"({"ID":"a","Status":"Enabled","Prefix":"a","AbortIncompleteMultipartUpload":
            {"DaysAfterInitiation":1}})");
  for (const auto* key : {"a1", "a2", "b"}) {
    UploadInfo upload;
    upload.key = ObjectKey(key);
    const auto id = store_->create_upload(bucket_, upload)->upload_id;
    ASSERT_TRUE(put_part(key, id, 1, "x"));
  }
  clock_.advance(days(2));
  sweep();
  EXPECT_EQ(store_->uploads(bucket_, "", "", "", 10)->size(), 1U);
  EXPECT_EQ(file_count(), 1U);
}

TEST_F(LifecycleTest, ManyPagesOfVersions) {
  versioned();
  rules(R"({"ID":"a","Status":"Enabled","Prefix":"","NoncurrentVersionExpiration":
            {"NoncurrentDays":1,"NewerNoncurrentVersions":1}})");
  for (int i = 0; i < 1100; ++i) put("k", i == 1099 ? "22" : "1");
  clock_.advance(days(2));
  sweep();
  EXPECT_EQ(versions(), "k:2 k:1");
}

}  // namespace
}  // namespace clary::objects
