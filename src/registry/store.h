// Repositories of container images, and what is in them.
#pragma once

#include <cstdint>
#include <expected>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/json.h"
#include "keys/data_key.h"
#include "keys/sealer.h"
#include "registry/upload.h"
#include "store/database.h"

namespace clary::registry {

struct RepositoryName {
  std::string account, region, name;
  friend auto operator<=>(const RepositoryName&, const RepositoryName&) = default;
};

struct Repository {
  RepositoryName name;
  Timestamp created{};
  // What its owner set: "imageTagMutability", "imageScanningConfiguration", "policy" (text), ...
  json::object settings;
};

struct Manifest {
  std::string digest, media_type, content;
  std::uint64_t image_bytes = 0;  // with its layers
  Timestamp pushed{};
  std::vector<std::string> tags;
};

// The file of one with a key is sealed: keys/sealed_file.h. Those that were pushed to an older
// server have none.
struct Blob {
  std::uint64_t bytes = 0;  // plain
  std::filesystem::path file;
  std::optional<keys::SecretKey> key{};
};

enum class PutFault { kNoRepository, kMalformed, kBlobUnknown, kTagImmutable, kDigestMismatch };
struct PutManifest {
  std::string media_type, content;
  std::string tag;     // "" for none
  std::string digest;  // that the sender says; "" for none
};

bool is_digest(std::string_view text);  // sha256:<64 hex>
bool is_repository_name(std::string_view text);
bool is_tag(std::string_view text);
std::string digest_of(std::string_view bytes);

// threads: any. blocks: all. errors: StorageError.
class Store {
 public:
  // `sealer` keeps the keys of the layers' files.
  Store(store::Database& database, std::filesystem::path folder, keys::Sealer& sealer,
        const Clock& clock);
  ~Store();
  static std::span<const store::Migration> migrations();

  bool create(Repository& repository);  // false: it is there; sets `created`
  std::optional<Repository> find(const RepositoryName& name);
  std::vector<Repository> list(std::string_view account, std::string_view region);
  // False when it is not there.
  bool update(const RepositoryName& name, const std::function<void(Repository&)>& change);
  bool remove(const RepositoryName& name);  // with all its images

  // Answers the digest.
  std::expected<std::string, PutFault> put_manifest(const RepositoryName& name,
                                                    const PutManifest& put);
  // `reference`: a tag or a digest.
  std::optional<Manifest> manifest(const RepositoryName& name, std::string_view reference);
  std::vector<Manifest> manifests(const RepositoryName& name);  // without their content
  bool remove_tag(const RepositoryName& name, std::string_view tag);
  bool remove_manifest(const RepositoryName& name, std::string_view digest);

  std::optional<Blob> blob(const RepositoryName& name, std::string_view digest);
  // Gives `to` a layer that `from` has. False when it has none.
  bool mount(const RepositoryName& from, const RepositoryName& to, std::string_view digest);
  bool remove_blob(const RepositoryName& name, std::string_view digest);

  std::string begin_upload(const RepositoryName& name);
  // Nullptr when there is none of that id in that repository.
  std::shared_ptr<Upload> upload(const RepositoryName& name, const std::string& id);
  // Makes it a layer of the repository. False: its bytes have another digest; it is gone then.
  bool finish_upload(const RepositoryName& name, Upload& upload, std::string_view digest);
  void cancel_upload(const RepositoryName& name, const std::string& id);

  // Of all registries of this server the one image that a job may mean by repository and tag or
  // digest: `account` and `region` first, when they have it.
  struct Found {
    RepositoryName name;
    std::string digest;
  };
  std::optional<Found> look_up(std::string_view account, std::string_view region,
                               std::string_view repository, std::string_view reference);

 private:
  std::filesystem::path blob_file(std::string_view digest) const;
  std::filesystem::path uploads() const { return folder_ / "uploads"; }
  void remove_unlinked(const std::vector<std::string>& digests);

  store::Database& database_;
  const std::filesystem::path folder_;
  keys::Sealer& sealer_;
  const Clock& clock_;
  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<Upload>> uploads_;  // guarded by mutex_; by id
};

}  // namespace clary::registry
