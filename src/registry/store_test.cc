#include "registry/store.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

#include "base/clock.h"
#include "keys/keys_fixture.h"
#include "keys/sealed_file.h"
#include "store/test_folder.h"

namespace clary::registry {
namespace {

class RegistryTest : public testing::Test {
 protected:
  std::string push(const RepositoryName& name, const std::string& text) {
    const auto upload = store_->upload(name, store_->begin_upload(name));
    upload->append(std::as_bytes(std::span(text)));
    EXPECT_TRUE(store_->finish_upload(name, *upload, digest_of(text)));
    return digest_of(text);
  }
  std::string manifest(const std::string& layer) {
    return R"({"schemaVersion":2,"config":{"digest":")" + digest_of("{}") +
           R"(","size":2},"layers":[{"digest":")" + digest_of(layer) + R"(","size":)" +
           std::to_string(layer.size()) + "}]}";
  }
  void reopen() {
    store_ = std::make_unique<Store>(database_, folder_ / "registry", sealer_, clock_);
  }

  store::TestFolder folder_;
  static std::string bytes_of(const std::filesystem::path& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }

  keys::TestSealer sealer_;
  ManualClock clock_{Timestamp(std::chrono::seconds(1800000000))};
  store::Database database_{folder_ / "a.db", {Store::migrations()}};
  std::unique_ptr<Store> store_ =
      std::make_unique<Store>(database_, folder_ / "registry", sealer_, clock_);
  const RepositoryName name_{"000000000000", "us-east-1", "team/model"};
  const RepositoryName other_{"000000000000", "us-east-1", "team/other"};
};

TEST_F(RegistryTest, AnImageNeedsItsLayers) {
  Repository repository{.name = name_, .created = {}, .settings = {}};
  ASSERT_TRUE(store_->create(repository));
  EXPECT_FALSE(store_->create(repository));
  const PutManifest put{"type", manifest("layer"), "v1", ""};
  EXPECT_EQ(store_->put_manifest(name_, put).error(), PutFault::kBlobUnknown);
  push(name_, "{}");
  push(name_, "layer");
  const auto digest = store_->put_manifest(name_, put);
  ASSERT_TRUE(digest);
  EXPECT_EQ(store_->manifest(name_, "v1")->digest, *digest);
  EXPECT_EQ(store_->manifest(name_, *digest)->tags, std::vector<std::string>{"v1"});
  EXPECT_EQ(store_->look_up("", "", "team/model", "v1")->digest, *digest);
  EXPECT_EQ(store_->put_manifest(other_, put).error(), PutFault::kNoRepository);
  EXPECT_EQ(store_->put_manifest(name_, {"type", "[]", "v2", ""}).error(), PutFault::kMalformed);
  EXPECT_EQ(store_->put_manifest(name_, {"type", put.content, "", digest_of("x")}).error(),
            PutFault::kDigestMismatch);
}

TEST_F(RegistryTest, ALayersFileGoesWithItsLastRepository) {
  for (const RepositoryName& name : {name_, other_}) {
    Repository repository{.name = name, .created = {}, .settings = {}};
    store_->create(repository);
  }
  const std::string digest = push(name_, "layer");
  EXPECT_FALSE(store_->blob(other_, digest));
  EXPECT_TRUE(store_->mount(name_, other_, digest));
  EXPECT_FALSE(store_->mount(name_, other_, digest_of("none")));
  const auto file = store_->blob(name_, digest)->file;
  EXPECT_TRUE(store_->remove(name_));
  EXPECT_FALSE(store_->blob(name_, digest));
  EXPECT_TRUE(std::filesystem::exists(file));
  EXPECT_TRUE(store_->remove_blob(other_, digest));
  EXPECT_FALSE(std::filesystem::exists(file));
}

TEST_F(RegistryTest, AnUploadGoesOnAfterARestart) {
  Repository repository{.name = name_, .created = {}, .settings = {}};
  store_->create(repository);
  const std::string id = store_->begin_upload(name_), first = "hello ", second = "world";
  store_->upload(name_, id)->append(std::as_bytes(std::span(first)));
  reopen();
  const auto upload = store_->upload(name_, id);
  ASSERT_NE(upload, nullptr);
  EXPECT_EQ(upload->bytes(), first.size());
  upload->append(std::as_bytes(std::span(second)));
  EXPECT_TRUE(store_->finish_upload(name_, *upload, digest_of("hello world")));
  EXPECT_EQ(store_->blob(name_, digest_of("hello world"))->bytes, 11U);
  EXPECT_EQ(store_->upload(name_, id), nullptr);
}

std::string content_of(const Blob& blob) {
  const int file = open(blob.file.c_str(), O_RDONLY | O_CLOEXEC);
  std::string plain(blob.bytes, '\0');
  keys::SealedFileReader(*blob.key, file, blob.bytes).read(0, plain.data(), plain.size());
  close(file);
  return plain;
}

TEST_F(RegistryTest, ALayerIsOnTheDiskOnlyEncrypted) {
  Repository repository{.name = name_, .created = {}, .settings = {}};
  store_->create(repository);
  const std::string secret = "the weights of the model";
  const std::string id = store_->begin_upload(name_);
  store_->upload(name_, id)->append(std::as_bytes(std::span(secret)));
  reopen();  // what is on its way in, too
  EXPECT_FALSE(bytes_of(folder_ / "registry" / "uploads" / id).contains(secret));
  const auto upload = store_->upload(name_, id);
  EXPECT_TRUE(store_->finish_upload(name_, *upload, digest_of(secret)));
  const auto blob = store_->blob(name_, digest_of(secret));
  EXPECT_FALSE(bytes_of(blob->file).contains(secret));
  EXPECT_EQ(content_of(*blob), secret);
  EXPECT_TRUE(std::filesystem::is_empty(folder_ / "registry" / "uploads"));
}

TEST_F(RegistryTest, TheSameLayerOfAnotherPushKeepsItsFile) {
  for (const RepositoryName& name : {name_, other_}) {
    Repository repository{.name = name, .created = {}, .settings = {}};
    store_->create(repository);
  }
  const std::string digest = push(name_, "layer");
  const std::string before = bytes_of(store_->blob(name_, digest)->file);
  push(other_, "layer");
  EXPECT_EQ(bytes_of(store_->blob(other_, digest)->file), before);
  EXPECT_EQ(content_of(*store_->blob(other_, digest)), "layer");
}

// As after kill -9, or power loss: what was in memory is gone, the file may end anywhere.
TEST_F(RegistryTest, AnUploadGoesOnFromWhatWasSealedOfIt) {
  Repository repository{.name = name_, .created = {}, .settings = {}};
  store_->create(repository);
  std::string whole(1'000'000, '\0');
  for (std::size_t i = 0; i < whole.size(); ++i) whole[i] = static_cast<char>(i * 31 + i / 251);
  const std::string id = store_->begin_upload(name_);
  const std::filesystem::path file = folder_ / "registry" / "uploads" / id;
  const auto interrupted = store_->upload(name_, id);
  interrupted->append(std::as_bytes(std::span(whole).first(800'000)));
  std::filesystem::resize_file(file, std::filesystem::file_size(file) - 1000);
  const std::string torn = bytes_of(file);
  for (const std::size_t cut :
       {std::size_t{0}, std::size_t{20}, std::size_t{100'000}, torn.size()}) {
    reopen();
    std::ofstream(file, std::ios::binary | std::ios::trunc) << torn.substr(0, cut);
    const auto upload = store_->upload(name_, id);
    const std::uint64_t kept = upload->bytes();
    EXPECT_EQ(kept, cut < 100'000 ? 0 : cut / keys::kSealedChunkBytes * keys::kChunkBytes);
    if (cut != torn.size()) continue;
    upload->append(std::as_bytes(std::span(whole).subspan(kept)));
    EXPECT_TRUE(store_->finish_upload(name_, *upload, digest_of(whole)));
    EXPECT_EQ(content_of(*store_->blob(name_, digest_of(whole))), whole);
  }
}

TEST_F(RegistryTest, WrongBytesAreNotKept) {
  Repository repository{.name = name_, .created = {}, .settings = {}};
  store_->create(repository);
  const std::string id = store_->begin_upload(name_);
  const auto upload = store_->upload(name_, id);
  EXPECT_FALSE(store_->finish_upload(name_, *upload, digest_of("something")));
  EXPECT_EQ(store_->upload(name_, id), nullptr);
  EXPECT_FALSE(std::filesystem::exists(upload->file()));
}

TEST_F(RegistryTest, Names) {
  for (const char* const name : {"ab", "team/model", "a.b-c_d", "0a/1b"}) {
    EXPECT_TRUE(is_repository_name(name)) << name;
  }
  for (const char* const name :
       {"a", "A/b", "/a", "a/", "a//b", "a..b", "a__b", "a/-b", "-ab", "a b", "../ab"}) {
    EXPECT_FALSE(is_repository_name(name)) << name;
  }
  EXPECT_TRUE(is_tag("v1.0_x-Y"));
  EXPECT_FALSE(is_tag(".x"));
  EXPECT_FALSE(is_tag("a/b"));
  EXPECT_FALSE(is_digest("sha256:ABC"));
}

}  // namespace
}  // namespace clary::registry
