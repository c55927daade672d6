// Versions, delete markers, object lock, and the way there from a data folder of version 1.
#include <algorithm>

#include "objects/object_rows.h"
#include "objects/store_fixture.h"

namespace clary::objects {
namespace {

class VersionsTest : public StoreFixture {
 protected:
  void version(Versioning versioning) { ASSERT_TRUE(store_->set_versioning(bucket_, versioning)); }
  Removed remove(const std::string& key, const std::string& version = "") {
    return store_->remove(bucket_, {.key = ObjectKey(key), .version_id = version}).value();
  }
  std::string get_version(const std::string& key, const std::string& version) {
    auto content = store_->get(bucket_, ObjectKey(key), version);
    if (!content) {
      return content.error() == StoreError::kDeleteMarker ? "marker" : "absent";
    }
    std::string bytes(content->info().size, '\0');
    content->read(0, bytes.data(), bytes.size());
    return bytes;
  }
  // "key:size" of every version, "key!" of markers, "*" behind the latest; pages parted by " | ".
  std::string versions(std::size_t limit = 1000, const std::string& prefix = "",
                       const std::string& delimiter = "") {
    VersionsQuery query{bucket_, prefix, delimiter, "", "", limit};
    std::string text;
    while (true) {
      const auto page = store_->list_versions(query).value();
      std::string line;
      for (const auto& info : page.versions) {
        line += (line.empty() ? "" : " ") + info.key.str();
        line += info.delete_marker ? "!" : ":" + std::to_string(info.size);
        if (info.latest) line += "*";
      }
      for (const auto& name : page.common_prefixes) {
        line += (line.empty() ? "[" : " [") + name + "]";
      }
      text += line;
      if (!page.truncated) return text;
      text += " | ";
      query.after_key = page.last_key;
      query.after_version = page.last_version;
    }
  }
};

TEST_F(VersionsTest, ArePutReadAndDeleted) {
  put("k", "1");
  version(Versioning::kEnabled);
  const auto second = put("k", "22");
  const auto third = put("k", "333");
  EXPECT_NE(second.version_id, third.version_id);
  EXPECT_LT(second.version_id, third.version_id);
  EXPECT_EQ(get("k"), "333");
  EXPECT_EQ(get_version("k", second.version_id), "22");
  EXPECT_EQ(get_version("k", "null"), "1");
  EXPECT_EQ(get_version("k", "other"), "absent");
  EXPECT_EQ(versions(), "k:3* k:2 k:1");

  const auto marker = remove("k");
  EXPECT_TRUE(marker.delete_marker);
  EXPECT_EQ(get("k"), "absent");
  EXPECT_EQ(get_version("k", marker.version_id), "marker");
  EXPECT_EQ(listed("", "", 10), "");
  EXPECT_EQ(versions(), "k!* k:3 k:2 k:1");
  const auto newest = store_->describe(bucket_, ObjectKey("k")).value();
  EXPECT_TRUE(newest.delete_marker && newest.latest);
  EXPECT_EQ(store_->delete_bucket(bucket_).error(), StoreError::kBucketNotEmpty);

  // The marker goes, and what it hid is back.
  EXPECT_TRUE(remove("k", marker.version_id).delete_marker);
  EXPECT_EQ(get("k"), "333");
  EXPECT_FALSE(remove("k", third.version_id).delete_marker);
  EXPECT_EQ(get("k"), "22");
  EXPECT_EQ(versions(), "k:2* k:1");
  remove("k", "null");
  remove("k", second.version_id);
  EXPECT_EQ(versions(), "");
  EXPECT_TRUE(store_->delete_bucket(bucket_));
}

TEST_F(VersionsTest, SuspendedWritesTheNullVersion) {
  version(Versioning::kEnabled);
  put("k", "1");
  version(Versioning::kSuspended);
  EXPECT_EQ(put("k", "22").version_id, "null");
  put("k", "333");
  EXPECT_EQ(versions(), "k:3* k:1");
  version(Versioning::kEnabled);
  put("k", "4444");
  EXPECT_EQ(versions(), "k:4* k:3 k:1");
  version(Versioning::kSuspended);
  // The old null version makes room for the new one wherever it stands.
  put("k", "55555");
  EXPECT_EQ(versions(), "k:5* k:4 k:1");
  const auto marker = remove("k");
  EXPECT_EQ(marker.version_id, "null");
  EXPECT_EQ(versions(), "k!* k:4 k:1");
  remove("k");
  EXPECT_EQ(versions(), "k!* k:4 k:1");
  reopen();
  EXPECT_EQ(versions(), "k!* k:4 k:1");
  EXPECT_EQ(store_->bucket(bucket_)->versioning, Versioning::kSuspended);
}

TEST_F(VersionsTest, OrderSurvivesAClockThatGoesBack) {
  version(Versioning::kEnabled);
  clock_.advance(std::chrono::hours(5));
  put("k", "1");
  remove("k");
  clock_.advance(-std::chrono::hours(4));
  reopen();
  put("k", "22");
  EXPECT_EQ(get("k"), "22");
  EXPECT_EQ(versions(), "k:2* k! k:1");
}

TEST_F(VersionsTest, AreListedInPages) {
  version(Versioning::kEnabled);
  for (const auto* key : {"a", "b/x", "b/y", "c"}) {
    put(key, "1");
    put(key, "22");
  }
  remove("a");
  remove("b/x");
  put("d", "1");
  const std::string all = "a!* a:2 a:1 b/x!* b/x:2 b/x:1 b/y:2* b/y:1 c:2* c:1 d:1*";
  EXPECT_EQ(versions(), all);
  for (std::size_t limit = 1; limit < 12; ++limit) {
    auto pages = versions(limit);
    for (auto at = pages.find(" |"); at != std::string::npos; at = pages.find(" |")) {
      pages.erase(at, 2);
    }
    EXPECT_EQ(pages, all) << limit;
  }
  EXPECT_EQ(versions(4, "", "/"), "a!* a:2 a:1 [b/] | c:2* c:1 d:1*");
  EXPECT_EQ(versions(1, "b/"), "b/x!* | b/x:2 | b/x:1 | b/y:2* | b/y:1");
  EXPECT_EQ(listed("", "/", 10), "[b/] c d");
}

TEST_F(VersionsTest, APageMayStartBehindAVersionThatIsGone) {
  version(Versioning::kEnabled);
  put("k", "1");
  put("k", "22");
  const auto newest = put("k", "333");
  VersionsQuery query{bucket_, "", "", "k", newest.version_id, 10};
  EXPECT_FALSE(store_->list_versions(query)->versions.front().latest);
  remove("k", newest.version_id);
  const auto page = store_->list_versions(query).value();
  ASSERT_EQ(page.versions.size(), 1U);
  EXPECT_EQ(page.versions[0].size, 1U);
}

TEST_F(VersionsTest, ConditionsOfRemovals) {
  const auto info = put("k", "12");
  const auto error = [&](RemoveRequest request) {
    request.key = ObjectKey("k");
    const auto outcome = store_->remove(bucket_, request);
    return !outcome && outcome.error() == StoreError::kPreconditionFailed;
  };
  EXPECT_TRUE(error({.key = {}, .if_match = "other"}));
  EXPECT_TRUE(error({.key = {}, .if_modified = clock_.now() - std::chrono::seconds(2)}));
  EXPECT_TRUE(error({.key = {}, .if_size = 3}));
  EXPECT_TRUE(error({.key = {}, .if_sequence = info.sequence + 1}));
  EXPECT_FALSE(error({.key = {},
                      .if_match = "\"" + info.etag + "\"",
                      .if_modified = clock_.now(),
                      .if_size = 2,
                      .if_sequence = info.sequence}));
  EXPECT_EQ(get("k"), "absent");
  EXPECT_FALSE(error({.key = {}, .if_match = "other"}));
}

TEST_F(VersionsTest, LargeOnesLeaveNoFileBehind) {
  version(Versioning::kEnabled);
  const auto bytes = pattern(100'000);
  const auto one = put("k", bytes);
  const auto two = put("k", bytes);
  copy("k", "other");
  EXPECT_EQ(file_count(), 3U);
  EXPECT_EQ(get_version("k", one.version_id), bytes);
  remove("k", one.version_id);
  remove("k");
  EXPECT_EQ(file_count(), 2U);
  EXPECT_EQ(get_version("k", two.version_id), bytes);
  remove("k", two.version_id);
  EXPECT_EQ(file_count(), 1U);
  EXPECT_EQ(versions(), "k!* other:100000*");
}

TEST_F(VersionsTest, CachesShowTheCurrentVersion) {
  version(Versioning::kEnabled);
  const auto one = put("k", "1");
  EXPECT_EQ(get("k"), "1");
  put("k", "22");
  EXPECT_EQ(get_version("k", one.version_id), "1");
  EXPECT_EQ(get("k"), "22");
  EXPECT_TRUE(store_->cached(bucket_, ObjectKey("k")));
  remove("k");
  EXPECT_FALSE(store_->cached(bucket_, ObjectKey("k")));
  EXPECT_EQ(get("k"), "absent");
}

TEST_F(VersionsTest, LocksHold) {
  const BucketName safe("safe");
  ASSERT_TRUE(store_->create_bucket({safe, "1", "r", {}, Versioning::kNever, true}));
  EXPECT_EQ(store_->bucket(safe)->versioning, Versioning::kEnabled);
  EXPECT_EQ(store_->set_versioning(safe, Versioning::kSuspended).error(),
            StoreError::kInvalidBucketState);
  EXPECT_EQ(store_->set_object_lock(bucket_, {}).error(), StoreError::kInvalidBucketState);
  ASSERT_TRUE(store_->set_object_lock(safe, {LockMode::kGovernance, 1, 0}));
  bucket_ = safe;
  const auto info = put("k", "1");
  EXPECT_EQ(info.lock.mode, LockMode::kGovernance);
  EXPECT_EQ(info.lock.until, clock_.now() + std::chrono::days(1));
  const auto error = [&](bool bypass) {
    const auto outcome = store_->remove(
        safe, {.key = ObjectKey("k"), .version_id = info.version_id, .bypass_governance = bypass});
    return !outcome && outcome.error() == StoreError::kLocked;
  };
  EXPECT_TRUE(error(false));
  const ObjectStore::VersionName name{ObjectKey("k"), info.version_id};
  ASSERT_TRUE(store_->set_legal_hold(safe, name, true));
  EXPECT_TRUE(error(true));
  ASSERT_TRUE(store_->set_legal_hold(safe, name, false));
  ObjectLock lock{LockMode::kCompliance, clock_.now() + std::chrono::days(2)};
  EXPECT_EQ(store_->set_retention(safe, name, lock, false).error(), StoreError::kLocked);
  ASSERT_TRUE(store_->set_retention(safe, name, lock, true));
  EXPECT_TRUE(error(true));
  lock.until -= std::chrono::days(1);
  EXPECT_EQ(store_->set_retention(safe, name, lock, true).error(), StoreError::kLocked);
  reopen();
  EXPECT_EQ(store_->bucket(safe)->retention.days, 1);
  EXPECT_TRUE(error(true));
  // A delete without version hides the key, which a lock does not forbid.
  EXPECT_TRUE(remove("k").delete_marker);
  clock_.advance(std::chrono::days(2));
  EXPECT_FALSE(error(false));
  EXPECT_EQ(versions(), "k!*");
}

struct Recorder final : ObjectEvents {
  void record(store::Connection&, const ObjectEvent& event) override { in_change.push_back(event); }
  void announce(const ObjectEvent& event) override { after.push_back(event); }
  std::vector<ObjectEvent> in_change, after;
};

TEST_F(VersionsTest, ChangesAreAnnounced) {
  Recorder recorder;
  store_->observe(&recorder);
  version(Versioning::kEnabled);
  PutOptions options;
  options.requester.principal = "somebody";
  const auto info = try_put("k", "1", options).value();
  ASSERT_TRUE(store_->set_tags(bucket_, {ObjectKey("k"), ""}, {{"a", "b"}}));
  remove("k");
  remove("k", info.version_id);
  options.if_match = "none";
  ASSERT_FALSE(try_put("k", "1", options));
  std::vector<ObjectEventKind> kinds;
  std::uint64_t last = 0;
  for (const auto& event : recorder.after) {
    kinds.push_back(event.kind);
    EXPECT_EQ(event.key.str(), "k");
    EXPECT_GT(event.sequencer, last);
    last = event.sequencer;
  }
  using enum ObjectEventKind;
  EXPECT_EQ(kinds, (std::vector{kCreatedPut, kTagged, kMarkerCreated, kRemoved}));
  EXPECT_EQ(recorder.in_change.size(), 4U);
  EXPECT_EQ(recorder.after[0].version_id, info.version_id);
  EXPECT_EQ(recorder.after[0].requester.principal, "somebody");
}

TEST(ObjectMigrationTest, FromVersionOne) {
  store::TestFolder folder;
  const SystemClock clock;
  {
    store::Database database(folder.path() / "objects.db", {object_migrations().first(1)});
    database.write([](store::Connection& connection) {
      connection.execute(R"(
        INSERT INTO buckets(id,name,account,region,created) VALUES(1,'b','1','r',5);
        INSERT INTO inline_objects(id,bytes) VALUES(7,x'6869');
        INSERT INTO objects VALUES
          (1,'a','null',2,'49f68a5c8493ec2c0bf489821c21fc3b',1700000000000,'t',7,'',0,
           '{"u":{"n":"v"}}','{"t":"w"}'),
          (1,'b','null',0,'d41d8cd98f00b204e9800998ecf8427e',1700000000001,'t',0,'',0,'','');
        INSERT INTO uploads VALUES(3,'u',1,'c',5,'t','','',-1,0);
      )");
    });
  }
  ObjectStore store(folder.path(), clock);
  const BucketName bucket("b");
  auto content = store.get(bucket, ObjectKey("a")).value();
  EXPECT_EQ(*content.inline_bytes(), "hi");
  EXPECT_EQ(content.info().user_metadata.at("n"), "v");
  EXPECT_EQ(content.info().tags.at("t"), "w");
  EXPECT_EQ(content.info().version_id, "null");
  EXPECT_EQ(store.bucket(bucket)->versioning, Versioning::kNever);
  EXPECT_EQ(store.list_versions({bucket, "", "", "", ""})->versions.size(), 2U);
  EXPECT_TRUE(store.upload(bucket, ObjectKey("c"), "u"));
  ASSERT_TRUE(store.set_versioning(bucket, Versioning::kEnabled));
  ASSERT_TRUE(store.remove(bucket, {.key = ObjectKey("a")}));
  EXPECT_EQ(store.list({bucket, "", "", ""})->objects.size(), 1U);
  EXPECT_EQ(store.list_versions({bucket, "", "", "", ""})->versions.size(), 3U);
}

}  // namespace
}  // namespace clary::objects
