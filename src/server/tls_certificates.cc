#include "server/tls_certificates.h"

#include <openssl/x509v3.h>
#include <sys/stat.h>

#include <mutex>
#include <stdexcept>
#include <vector>

#include "base/log.h"
#include "server/service_of_request.h"
#include "server/tls_context.h"

namespace clary::server {
namespace {

// Contexts that were replaced stay: somebody may be between asking for one and using it. A reload
// is rare, and a context small.
constexpr std::size_t kRetired = 16;

// What tells that a file was replaced or written.
struct FileState {
  std::int64_t changed_ns = 0, size = -1;
  ino_t inode = 0;
  friend bool operator==(const FileState&, const FileState&) = default;
};
FileState state_of(const std::filesystem::path& file) {
  struct stat found{};
  if (file.empty() || ::stat(file.c_str(), &found) != 0) return {};
  return {.changed_ns = found.st_mtim.tv_sec * std::int64_t{1'000'000'000} + found.st_mtim.tv_nsec,
          .size = found.st_size,
          .inode = found.st_ino};
}

X509* certificate_of(const TlsContext& context) {
  return SSL_CTX_get0_certificate(context.get());
}

}  // namespace

struct TlsCertificates::Impl {
  TlsFiles files;
  const bool given;  // by the settings; else FOLDER/server.pem, which may come and go
  TlsAuthority& authority;
  const Clock& clock;

  std::mutex mutex;
  TlsContext current;  // nullptr: the authority's
  std::vector<TlsContext> retired;
  FileState certificate_state, key_state;
  Timestamp warned_at{};

  Impl(TlsFiles named, TlsAuthority& local, const Clock& time)
      : files(std::move(named)),
        given(!files.certificate.empty() || !files.key.empty()),
        authority(local),
        clock(time) {
    if (given && (files.certificate.empty() || files.key.empty())) {
      throw std::runtime_error("tls_certificate and tls_key go together: one of them is not set");
    }
    if (!given) files.certificate = files.key = authority.server_file();
    note_files();
    if (given || std::filesystem::exists(files.certificate)) {
      current = load_tls_context(files.certificate, files.key);
    }
    warn_if_ending();
  }

  void note_files() {
    certificate_state = state_of(files.certificate);
    key_state = state_of(files.key);
  }

  Timestamp ends() {
    const std::lock_guard lock(mutex);
    if (current) return expiry_of(certificate_of(current));
    return authority.expires();
  }

  void warn_if_ending() {
    const Timestamp end = ends();
    const Timestamp now = clock.now();
    if (end - now > kTlsRenewBefore || now - warned_at < std::chrono::days(1)) return;
    warned_at = now;
    const auto days = std::chrono::floor<std::chrono::days>(end - now).count();
    if (end <= now) {
      spdlog::error("TLS: the certificate ended on {}; clients refuse it", iso8601(end));
    } else {
      spdlog::warn("TLS: the certificate ends on {}, in {} days", iso8601(end), days);
    }
  }

  bool reload() {
    note_files();
    TlsContext fresh;
    try {
      if (given || std::filesystem::exists(files.certificate)) {
        fresh = load_tls_context(files.certificate, files.key);
      }
    } catch (const std::exception& error) {
      spdlog::error("TLS: the certificate was not exchanged: {}", error.what());
      return false;
    }
    {
      const std::lock_guard lock(mutex);
      if (current) retired.push_back(std::move(current));
      if (retired.size() > kRetired) retired.erase(retired.begin());
      current = std::move(fresh);
    }
    warned_at = {};
    spdlog::info("TLS: certificate loaded, it ends on {}", iso8601(ends()));
    return true;
  }

  // A certificate that `clary tls init` made is made anew for the same names.
  void renew_own() {
    if (given || !current || ends() - clock.now() > kTlsRenewBefore) return;
    std::vector<std::string> names;
    {
      const std::lock_guard lock(mutex);
      names = names_of(certificate_of(current));
    }
    if (authority.expires() - clock.now() <= kTlsRenewBefore) return;  // then nobody helps
    authority.write_server_file(names);
    spdlog::info("TLS: the certificate was made anew");
  }
};

TlsCertificates::TlsCertificates(TlsFiles files, TlsAuthority& authority, const Clock& clock)
    : impl_(std::make_unique<Impl>(std::move(files), authority, clock)) {}

TlsCertificates::~TlsCertificates() = default;

void* TlsCertificates::context_for(std::string_view host) {
  {
    const std::lock_guard lock(impl_->mutex);
    if (impl_->current) {
      const bool tunnel = is_aws_host(std::string(host) + ":443") &&
                          X509_check_host(certificate_of(impl_->current), host.data(), host.size(),
                                          0, nullptr) != 1;
      if (!tunnel) return impl_->current.get();
    }
  }
  return impl_->authority.context_for(host);
}

bool TlsCertificates::reload() {
  return impl_->reload();
}

void TlsCertificates::check() {
  try {
    impl_->renew_own();
  } catch (const std::exception& error) {
    spdlog::error("TLS: the certificate was not made anew: {}", error.what());
  }
  if (impl_->certificate_state != state_of(impl_->files.certificate) ||
      impl_->key_state != state_of(impl_->files.key)) {
    impl_->reload();
  }
  impl_->warn_if_ending();
}

Timestamp TlsCertificates::expires() const {
  return impl_->ends();
}

}  // namespace clary::server
