// What each request of the registry's protocol does.
#include <fcntl.h>

#include "api/s3/range.h"
#include "keys/sealed_file.h"
#include "process/file_descriptor.h"
#include "server/payload.h"
#include "server/registry_request.h"

namespace clary::server {

namespace asio = boost::asio;
using registry::PutFault;
using registry::RepositoryName;
using What = RegistryRoute::What;

namespace {

constexpr std::size_t kLongestManifest = 4 << 20;
constexpr std::size_t kPieceBytes = 1 << 20;

std::string upload_location(const RepositoryName& name, const std::string& id) {
  return "/v2/" + name.name + "/blobs/uploads/" + id;
}

void add_upload(ResponseHead& head, const RepositoryName& name, registry::Upload& upload) {
  const std::uint64_t bytes = upload.bytes();
  head.headers.emplace_back("Location", upload_location(name, upload.id()));
  head.headers.emplace_back("Docker-Upload-UUID", upload.id());
  head.headers.emplace_back("Range", "0-" + std::to_string(bytes == 0 ? 0 : bytes - 1));
}

RegistryError error_of(PutFault fault) {
  switch (fault) {
    case PutFault::kNoRepository:
      return {404, "NAME_UNKNOWN", "the repository does not exist"};
    case PutFault::kMalformed:
      return {400, "MANIFEST_INVALID", "no image manifest or index of schema version 2"};
    case PutFault::kBlobUnknown:
      return {404, "MANIFEST_BLOB_UNKNOWN", "a layer of the manifest was not pushed"};
    case PutFault::kTagImmutable:
      return {400, "TAG_INVALID",
              "the tag exists already and cannot be overwritten: the repository is immutable"};
    case PutFault::kDigestMismatch:
      break;
  }
  return {400, "DIGEST_INVALID", "the digest is not that of the manifest"};
}

std::shared_ptr<registry::Upload> find_upload(registry::Store& store, const RepositoryName& name,
                                              const std::string& id) {
  auto upload = store.upload(name, id);
  if (upload == nullptr) throw RegistryError{404, "BLOB_UPLOAD_UNKNOWN", "no such upload"};
  return upload;
}

}  // namespace

asio::awaitable<void> RegistryFace::catalog(Request& request) {
  const auto all = co_await on_workers(parts_.workers, [&] {
    return parts_.registry.list(request.name.account, request.name.region);
  });
  json::array names;
  for (const auto& each : all) names.emplace_back(each.name.name);
  ResponseHead head = registry_head(200);
  head.headers.emplace_back("Content-Type", "application/json");
  co_await request.exchange.response.send(
      std::move(head), json::serialize(json::object{{"repositories", std::move(names)}}));
}

asio::awaitable<void> RegistryFace::tags(Request& request) {
  const auto manifests =
      co_await on_workers(parts_.workers, [&] { return parts_.registry.manifests(request.name); });
  std::vector<std::string> tags;
  for (const auto& each : manifests) tags.insert(tags.end(), each.tags.begin(), each.tags.end());
  std::ranges::sort(tags);
  const std::string last = request.query("last"), wanted = request.query("n");
  std::erase_if(tags, [&](const std::string& tag) { return !last.empty() && tag <= last; });
  ResponseHead head = registry_head(200);
  const std::size_t most =
      wanted.empty() ? tags.size() : std::strtoull(wanted.c_str(), nullptr, 10);
  if (tags.size() > most) {
    tags.resize(most);
    if (!tags.empty()) {
      head.headers.emplace_back("Link", "</v2/" + request.name.name +
                                            "/tags/list?n=" + std::to_string(most) +
                                            "&last=" + tags.back() + ">; rel=\"next\"");
    }
  }
  head.headers.emplace_back("Content-Type", "application/json");
  co_await request.exchange.response.send(
      std::move(head),
      json::serialize(json::object{{"name", request.name.name},
                                   {"tags", json::array(tags.begin(), tags.end())}}));
}

asio::awaitable<void> RegistryFace::get_manifest(Request& request) {
  auto manifest = co_await on_workers(parts_.workers, [&] {
    return parts_.registry.manifest(request.name, request.route.reference);
  });
  if (!manifest) {
    throw RegistryError{404, "MANIFEST_UNKNOWN", "Requested image not found"};
  }
  ResponseHead head = registry_head(200);
  head.headers.emplace_back("Content-Type", manifest->media_type);
  head.headers.emplace_back("Docker-Content-Digest", manifest->digest);
  head.content_length = manifest->content.size();
  if (request.route.what == What::kHeadManifest) {
    co_await request.exchange.response.start(std::move(head));
    co_await request.exchange.response.finish();
    co_return;
  }
  co_await request.exchange.response.send(std::move(head), std::move(manifest->content));
}

asio::awaitable<void> RegistryFace::put_manifest(Request& request) {
  registry::PutManifest put;
  put.media_type = request.head().headers.get("Content-Type");
  put.content = co_await read_all(request.exchange.body, kLongestManifest);
  const bool by_digest = registry::is_digest(request.route.reference);
  (by_digest ? put.digest : put.tag) = request.route.reference;
  const auto digest = co_await on_workers(
      parts_.workers, [&] { return parts_.registry.put_manifest(request.name, put); });
  if (!digest) throw error_of(digest.error());
  ResponseHead head = registry_head(201);
  head.headers.emplace_back("Location", "/v2/" + request.name.name + "/manifests/" + *digest);
  head.headers.emplace_back("Docker-Content-Digest", *digest);
  co_await request.exchange.response.send(std::move(head), "");
}

asio::awaitable<void> RegistryFace::delete_manifest(Request& request) {
  const std::string& reference = request.route.reference;
  const bool there = co_await on_workers(parts_.workers, [&] {
    return registry::is_digest(reference) ? parts_.registry.remove_manifest(request.name, reference)
                                          : parts_.registry.remove_tag(request.name, reference);
  });
  if (!there) throw RegistryError{404, "MANIFEST_UNKNOWN", "Requested image not found"};
  co_await request.exchange.response.send(registry_head(202), "");
}

asio::awaitable<void> RegistryFace::get_blob(Request& request) {
  const auto blob = co_await on_workers(
      parts_.workers, [&] { return parts_.registry.blob(request.name, request.route.reference); });
  if (!blob) throw RegistryError{404, "BLOB_UNKNOWN", "the layer was not pushed here"};
  const auto range = api::s3::parse_range(request.head().headers.get("Range"), blob->bytes);
  if (!range) throw RegistryError{416, "RANGE_INVALID", "the layer has no such bytes"};
  const api::s3::ByteRange part = range->value_or(api::s3::ByteRange{0, blob->bytes});
  ResponseHead head = registry_head(range->has_value() ? 206 : 200);
  head.headers.emplace_back("Content-Type", "application/octet-stream");
  head.headers.emplace_back("Docker-Content-Digest", request.route.reference);
  head.headers.emplace_back("Accept-Ranges", "bytes");
  if (range->has_value()) {
    head.headers.emplace_back("Content-Range", "bytes " + std::to_string(part.offset) + "-" +
                                                   std::to_string(part.offset + part.length - 1) +
                                                   "/" + std::to_string(blob->bytes));
  }
  head.content_length = part.length;
  BodyWriter& response = request.exchange.response;
  const bool with_body = request.route.what == What::kGetBlob;
  const process::FileDescriptor file(
      with_body ? open(blob->file.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW) : -1);
  if (with_body && !file) throw RegistryError{404, "BLOB_UNKNOWN", "the layer was removed"};
  if (with_body && blob->key) {
    co_await send_sealed(request, *blob, file.get(), part, std::move(head));
    co_return;
  }
  co_await response.start(std::move(head));
  if (with_body) co_await response.write_file(file.get(), part.offset, part.length);
  co_await response.finish();
}

// A damaged layer breaks the connection off: no byte that was not checked goes out.
asio::awaitable<void> RegistryFace::send_sealed(Request& request, const registry::Blob& blob,
                                                int file, api::s3::ByteRange part,
                                                ResponseHead head) {
  keys::SealedFileReader reader(*blob.key, file, blob.bytes);
  BodyWriter& response = request.exchange.response;
  co_await response.start(std::move(head));
  std::vector<char> piece(std::min<std::uint64_t>(kPieceBytes, part.length));
  for (std::uint64_t sent = 0; sent < part.length;) {
    const std::size_t size = std::min<std::uint64_t>(piece.size(), part.length - sent);
    co_await on_workers(parts_.workers,
                        [&] { reader.read(part.offset + sent, piece.data(), size); });
    co_await response.write(std::as_bytes(std::span(piece).first(size)));
    sent += size;
  }
  co_await response.finish();
}

asio::awaitable<void> RegistryFace::delete_blob(Request& request) {
  const bool there = co_await on_workers(parts_.workers, [&] {
    return parts_.registry.remove_blob(request.name, request.route.reference);
  });
  if (!there) throw RegistryError{404, "BLOB_UNKNOWN", "the layer was not pushed here"};
  co_await request.exchange.response.send(registry_head(202), "");
}

asio::awaitable<void> RegistryFace::begin_upload(Request& request) {
  const std::string mount = request.query("mount"), from = request.query("from");
  if (registry::is_digest(mount) && registry::is_repository_name(from)) {
    const bool mounted = co_await on_workers(parts_.workers, [&] {
      // Who may not read it there may not have it here.
      Request source(request.exchange);
      source.login = request.login;
      source.name = request.name;
      source.name.name = from;
      try {
        require(source, operation_of(What::kGetBlob));
      } catch (const wire::ApiError&) {
        return false;
      }
      return parts_.registry.mount(source.name, request.name, mount);
    });
    if (mounted) {
      ResponseHead head = registry_head(201);
      head.headers.emplace_back("Location", "/v2/" + request.name.name + "/blobs/" + mount);
      head.headers.emplace_back("Docker-Content-Digest", mount);
      co_await request.exchange.response.send(std::move(head), "");
      co_return;
    }
  }
  const auto upload = co_await on_workers(parts_.workers, [&] {
    return find_upload(parts_.registry, request.name, parts_.registry.begin_upload(request.name));
  });
  const std::string digest = request.query("digest");
  if (!digest.empty()) {
    co_await receive(request, *upload);
    co_await created_blob(request, *upload, digest);
    co_return;
  }
  ResponseHead head = registry_head(202);
  add_upload(head, request.name, *upload);
  co_await request.exchange.response.send(std::move(head), "");
}

asio::awaitable<void> RegistryFace::upload_status(Request& request) {
  const auto upload = co_await on_workers(parts_.workers, [&] {
    return find_upload(parts_.registry, request.name, request.route.reference);
  });
  ResponseHead head = registry_head(204);
  add_upload(head, request.name, *upload);
  co_await request.exchange.response.send(std::move(head), "");
}

// The body goes to the file as it comes, a piece at a time.
asio::awaitable<void> RegistryFace::receive(Request& request, registry::Upload& upload) {
  const std::string_view announced = request.head().headers.get("Content-Range");
  if (!announced.empty()) {
    const auto range = upload_range(announced);
    if (!range || range->first != upload.bytes()) {
      throw RegistryError{416, "BLOB_UPLOAD_INVALID",
                          "the part does not begin where the last ended"};
    }
  }
  std::vector<std::byte> piece(kPieceBytes);
  bool more = true;
  while (more) {
    std::size_t filled = 0;
    while (filled < piece.size()) {
      const std::size_t got =
          co_await request.exchange.body.read_some(std::span(piece).subspan(filled));
      more = got > 0;
      if (!more) break;
      filled += got;
    }
    if (filled == 0) break;
    co_await on_workers(parts_.workers, [&] { upload.append(std::span(piece).first(filled)); });
  }
}

asio::awaitable<void> RegistryFace::upload_part(Request& request) {
  const auto upload = co_await on_workers(parts_.workers, [&] {
    return find_upload(parts_.registry, request.name, request.route.reference);
  });
  co_await receive(request, *upload);
  ResponseHead head = registry_head(202);
  add_upload(head, request.name, *upload);
  co_await request.exchange.response.send(std::move(head), "");
}

asio::awaitable<void> RegistryFace::created_blob(Request& request, registry::Upload& upload,
                                                 const std::string& digest) {
  if (!registry::is_digest(digest)) {
    throw RegistryError{400, "DIGEST_INVALID", "the digest is no SHA-256"};
  }
  const bool right = co_await on_workers(
      parts_.workers, [&] { return parts_.registry.finish_upload(request.name, upload, digest); });
  if (!right) {
    throw RegistryError{400, "DIGEST_INVALID", "the bytes that came have another digest"};
  }
  ResponseHead head = registry_head(201);
  head.headers.emplace_back("Location", "/v2/" + request.name.name + "/blobs/" + digest);
  head.headers.emplace_back("Docker-Content-Digest", digest);
  co_await request.exchange.response.send(std::move(head), "");
}

asio::awaitable<void> RegistryFace::finish_upload(Request& request) {
  const auto upload = co_await on_workers(parts_.workers, [&] {
    return find_upload(parts_.registry, request.name, request.route.reference);
  });
  co_await receive(request, *upload);
  co_await created_blob(request, *upload, request.query("digest"));
}

asio::awaitable<void> RegistryFace::cancel_upload(Request& request) {
  co_await on_workers(parts_.workers, [&] {
    find_upload(parts_.registry, request.name, request.route.reference);
    parts_.registry.cancel_upload(request.name, request.route.reference);
  });
  co_await request.exchange.response.send(registry_head(204), "");
}

}  // namespace clary::server
